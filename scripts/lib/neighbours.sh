# How the groups of scripts/neighbours.d get other people's software. Source it; it
# defines functions and runs nothing. scripts/neighbours/needs.txt says what a group
# needs.
. scripts/lib/need.sh

# provide GROUP... installs what the groups need, for all of them at once: Debian's
# packages in one transaction, beside them the npm packages and one build of the
# programs in Go. It ends the script where something cannot be had here.
provide() {
  local group how what program names packages=() folders=() programs=() missing=() pids=() pid lacks
  while read -r group how what; do
    case " $* " in *" $group "*) ;; *) continue ;; esac
    case $how in
      debian)
        read -r program names <<<"$what"
        if [ "$program" != - ]; then
          command -v "$program" >/dev/null 2>&1 && continue
          missing+=("$program")
        fi
        # shellcheck disable=SC2206 # the names are words
        packages+=($names)
        ;;
      npm) folders+=("$what") ;;
      go) programs+=("$what") ;;
    esac
  done < <(sed 's/ *#.*//; /^$/d' scripts/neighbours/needs.txt)

  lacks=$(mktemp)
  if [ ${#packages[@]} -gt 0 ]; then
    { debian "${packages[@]}" || echo "${packages[*]}: not here, and only root on Debian can install it" >>"$lacks"; } & pids+=($!)
  fi
  if [ ${#folders[@]} -gt 0 ]; then
    for what in "${folders[@]}"; do want_npm "$what" || echo "the npm packages of $what cannot be had here" >>"$lacks"; done & pids+=($!)
  fi
  if [ ${#programs[@]} -gt 0 ]; then
    { build_neighbours "${programs[@]}" || echo "${programs[*]}: cannot be built from the Go module proxy here" >>"$lacks"; } & pids+=($!)
  fi
  for pid in "${pids[@]}"; do wait "$pid"; done
  hash -r
  for program in "${missing[@]}"; do
    command -v "$program" >/dev/null 2>&1 || echo "$program is not here" >>"$lacks"
  done
  what=$(paste -s -d ';' "$lacks")
  rm -f "$lacks"
  [ -z "$what" ] || leave_out "$what"
}

# test_group GROUP [FLAG...] runs the tests of a group. They mostly wait for other
# programs, so more of them run at a time than there are cores.
test_group() {
  local group=$1
  shift
  go test -count=1 -timeout 20m -parallel 4 -tags neighbours "$@" "./scripts/neighbours/$group"
}

# build_neighbours PROGRAM... builds programs of scripts/neighbours/tools into
# bin/neighbours. Its go.mod pins them, and together they share most of what they
# are made of.
build_neighbours() {
  local name packages=()
  for name in "$@"; do
    case $name in
      toxiproxy) packages+=(github.com/Shopify/toxiproxy/v2/cmd/server) ;;
      versitygw) packages+=(./versitygw) ;;
      *) packages+=("$(sed -n "s|^\t\([^ ]*/$name\)\$|\1|p" scripts/neighbours/tools/go.mod)") ;;
    esac
  done
  say "building $*"
  mkdir -p bin/neighbours
  go build -C scripts/neighbours/tools -o ../../../bin/neighbours/ "${packages[@]}" || return 1
  case " $* " in *" toxiproxy "*) ln -f bin/neighbours/server bin/neighbours/toxiproxy ;; esac
}

# leave_out WHY ends a group of neighbours that cannot be met on this machine.
leave_out() {
  printf '%s\n' "$*" >&2
  exit 75 # EX_TEMPFAIL: scripts/test reports the group as left out
}
