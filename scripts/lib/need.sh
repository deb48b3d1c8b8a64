# What the scripts need of a machine, in one place. Source it; it defines
# functions and runs nothing.

# say prints a line of progress.
say() { printf '\033[1m==>\033[0m %s\n' "$*"; }

# miss names a tool that is missing, in one sentence, and ends the script.
miss() {
  printf 'Alta needs %s: %s\n' "$1" "$2" >&2
  exit 69 # EX_UNAVAILABLE
}

need_go() {
  command -v go >/dev/null 2>&1 || miss "Go 1.26 or newer" "install it from your system's packages or go.dev, then run this again."
  have=$(go env GOVERSION | sed 's/^go//')
  lowest=$(printf '%s\n1.26\n' "$have" | sort -V | head -n 1)
  [ "$lowest" = "1.26" ] || miss "Go 1.26 or newer" "this machine has $have."
}

need_node() {
  command -v node >/dev/null 2>&1 || miss "Node.js 20.19 or newer" "install it from your system's packages or nodejs.org, then run this again."
  command -v npm >/dev/null 2>&1 || miss "npm" "it comes with Node.js; install it, then run this again."
  have=$(node --version | sed 's/^v//')
  lowest=$(printf '%s\n20.19\n' "$have" | sort -V | head -n 1)
  [ "$lowest" = "20.19" ] || miss "Node.js 20.19 or newer" "this machine has $have."
}

# debian_root tells whether missing programs can be installed here.
debian_root() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

# want PROGRAM PACKAGE... : true when the program is there afterwards. Root on
# Debian installs the packages and says so; nobody else's machine is changed.
want() {
  local program=$1
  shift
  [ -n "$program" ] && command -v "$program" >/dev/null 2>&1 && return 0
  debian "$@" || return 1
  [ -z "$program" ] || command -v "$program" >/dev/null 2>&1
}

# debian PACKAGE... installs, in one go, those that are not installed.
debian() {
  debian_root || return 1
  local package fresh=() log
  for package in "$@"; do
    case $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) in ii*) ;; *) fresh+=("$package") ;; esac
  done
  [ ${#fresh[@]} -gt 0 ] || return 0
  say "installing from Debian's packages: ${fresh[*]}"
  log=$(mktemp)
  # The lists of packages that are there will do: an update takes longer than most packages.
  if { apt_install "${fresh[@]}" || { apt-get update && apt_install "${fresh[@]}"; }; } >"$log" 2>&1; then
    rm -f "$log"
    hash -r
    # Debian starts servers as it installs them; ours are our own children.
    for package in "${fresh[@]}"; do service "$package" stop >/dev/null 2>&1 || true; done
    return 0
  fi
  tail -n 5 "$log" >&2
  rm -f "$log"
  return 1
}

apt_install() { DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "$@"; }

# want_npm FOLDER : true when the packages of FOLDER/package-lock.json are there
# afterwards.
want_npm() {
  local lock
  lock=$(sha256sum "$1/package-lock.json" | cut -c1-40)
  [ "$(cat "$1/node_modules/.alta-installed" 2>/dev/null)" = "$lock" ] && return 0
  say "installing the packages of $1 (npm ci)"
  npm ci --prefix "$1" --no-audit --no-fund --loglevel=error || return 1
  echo "$lock" >"$1/node_modules/.alta-installed"
}

# build_pages builds the single-page application when its sources changed since
# the last time.
build_pages() {
  now=$(cd frontend && git ls-files -s -- . 2>/dev/null | sha256sum | cut -c1-40)
  now="$now$(cd frontend && git diff HEAD -- . 2>/dev/null | sha256sum | cut -c1-40)"
  if [ -f frontend/dist/index.html ] && [ "$(cat frontend/node_modules/.alta-built 2>/dev/null)" = "$now" ]; then
    return 0
  fi
  install_pages
  say "building the pages"
  (cd frontend && npm run --silent build >/tmp/alta-pages.$$ 2>&1) || { cat /tmp/alta-pages.$$ >&2; rm -f /tmp/alta-pages.$$; return 1; }
  rm -f /tmp/alta-pages.$$
  echo "$now" >frontend/node_modules/.alta-built
}

# install_pages installs the packages that the lock file names, when it changed.
install_pages() {
  lock=$(sha256sum frontend/package-lock.json | cut -c1-40)
  [ "$(cat frontend/node_modules/.alta-installed 2>/dev/null)" = "$lock" ] && return 0
  say "installing the pages' packages (npm ci)"
  (cd frontend && npm ci --no-audit --no-fund --loglevel=error)
  echo "$lock" >frontend/node_modules/.alta-installed
}

# free_port prints a TCP port that nobody listens on now.
free_port() {
  node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'
}
