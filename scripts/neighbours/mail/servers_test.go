//go:build neighbours

// Package mail has other people's mail servers take the mails of a running Alta.
package mail

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"alta/scripts/neighbours/neighbourtest"
)

// postfix is a Postfix that takes mail for every domain and keeps it in one Maildir.
type postfix struct {
	maildir string
	plain   int // neither TLS nor SMTPUTF8; strict about names and syntax
	submit  int // STARTTLS and log-in required, SMTPUTF8
	closed  int // refuses every sender, and says so at RCPT
	ca      string
}

// reachable makes a folder that programs without privileges can enter.
func reachable(t *testing.T, name string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "alta-"+name+"-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// owned makes a folder that belongs to a user of the system.
func owned(t *testing.T, dir, name string) (uid, gid int) {
	t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	uid, _ = strconv.Atoi(u.Uid)
	gid, _ = strconv.Atoi(u.Gid)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	return uid, gid
}

func written(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

const password = "pw-1"

func startPostfix(t *testing.T) postfix {
	t.Helper()
	program := neighbourtest.Program(t, "postfix")
	dir := reachable(t, "postfix")
	etc := filepath.Join(dir, "etc")
	authority := neighbourtest.NewAuthority(t)
	p := postfix{filepath.Join(dir, "mail", "all"), neighbourtest.FreePort(t), neighbourtest.FreePort(t), neighbourtest.FreePort(t), authority.CA}
	owned(t, filepath.Join(dir, "data"), "postfix")
	uid, gid := owned(t, filepath.Join(dir, "mail"), "nobody")
	if err := os.MkdirAll(filepath.Join(dir, "queue"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(etc, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"dynamicmaps.cf", "postfix-files", "dynamicmaps.cf.d", "postfix-files.d"} {
		if out, err := exec.Command("cp", "-r", "/etc/postfix/"+name, etc+"/").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	cert, err := os.ReadFile(authority.Cert)
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(authority.Key)
	if err != nil {
		t.Fatal(err)
	}
	written(t, filepath.Join(etc, "tls.pem"), string(key)+string(cert))
	written(t, filepath.Join(etc, "mailboxes"), "!/^gone@/ all/\n")
	// Debian's Postfix reads Cyrus SASL's file from its own folder.
	written(t, filepath.Join(etc, "sasl", "smtpd.conf"), "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: "+dir+"/etc/sasl/db\nmech_list: PLAIN LOGIN\n")
	sasl := exec.Command(neighbourtest.Program(t, "saslpasswd2"), "-p", "-c", "-f", dir+"/etc/sasl/db", "-u", "alta.test", "alta")
	sasl.Stdin = strings.NewReader(password)
	if out, err := sasl.CombinedOutput(); err != nil {
		t.Fatalf("saslpasswd2: %v\n%s", err, out)
	}
	if out, err := exec.Command("chown", "postfix", dir+"/etc/sasl/db").CombinedOutput(); err != nil {
		t.Fatalf("chown: %v\n%s", err, out)
	}
	written(t, filepath.Join(etc, "main.cf"), fmt.Sprintf(`compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
myhostname = mx.alta.test
mydestination =
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
strict_rfc821_envelopes = yes
smtpd_helo_required = yes
smtpd_helo_restrictions = reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname
smtpd_sender_restrictions = reject_non_fqdn_sender
smtpd_recipient_restrictions = reject_non_fqdn_recipient, reject_unlisted_recipient
smtpd_relay_restrictions = permit_mynetworks, reject
default_transport = error:nothing leaves this machine
relay_transport = error:nothing leaves this machine
virtual_mailbox_domains = static:all
virtual_mailbox_maps = regexp:%[1]s/etc/mailboxes
virtual_mailbox_base = %[1]s/mail
virtual_uid_maps = static:%[2]d
virtual_gid_maps = static:%[3]d
virtual_minimum_uid = 1
maillog_file = %[1]s/maillog
maillog_file_prefixes = /tmp, /var, %[1]s
smtpd_tls_chain_files = %[1]s/etc/tls.pem
smtpd_tls_security_level = none
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
smtpd_sasl_local_domain = alta.test
`, dir, uid, gid))
	written(t, filepath.Join(etc, "master.cf"), fmt.Sprintf(`127.0.0.1:%d inet n - n - - smtpd
  -o smtputf8_enable=no
127.0.0.1:%d inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_tls_auth_only=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
127.0.0.1:%d inet n - n - - smtpd
  -o smtpd_sender_restrictions=reject
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
tlsmgr unix - - n 1000? 1 tlsmgr
error unix - - n - - error
retry unix - - n - - error
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
`, p.plain, p.submit, p.closed))
	if out, err := exec.Command(program, "-c", etc, "start").CombinedOutput(); err != nil {
		t.Fatalf("postfix start: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := os.ReadFile(dir + "/maillog")
			t.Logf("Postfix logged last:\n%s", log[max(0, len(log)-4000):])
		}
		if out, err := exec.Command(program, "-c", etc, "stop").CombinedOutput(); err != nil {
			t.Errorf("postfix stop: %v\n%s", err, out)
		}
	})
	for _, port := range []int{p.plain, p.submit, p.closed} {
		neighbourtest.Eventually(t, "Postfix answers", wait, neighbourtest.Answers(port))
	}
	return p
}

// startExim is an Exim that defers everybody while the file greylist is there, and
// knows no gone@.
func startExim(t *testing.T) (port int, maildir, greylist string) {
	t.Helper()
	root := filepath.Join(neighbourtest.Root(t), "bin", "neighbours", "exim")
	dir := reachable(t, "exim")
	owned(t, filepath.Join(dir, "spool"), "nobody")
	owned(t, filepath.Join(dir, "log"), "nobody")
	owned(t, filepath.Join(dir, "mail"), "nobody")
	program := filepath.Join(root, "usr", "sbin", "exim4")
	port, greylist = neighbourtest.FreePort(t), filepath.Join(dir, "greylist")
	written(t, greylist, "")
	written(t, filepath.Join(dir, "exim.conf"), fmt.Sprintf(`primary_hostname = mx2.alta.test
exim_user = nobody
exim_group = nogroup
never_users = root
exim_path = %[3]s
keep_environment =
spool_directory = %[1]s/spool
log_file_path = %[1]s/log/%%slog
pid_file_path = %[1]s/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = %[2]d
tls_advertise_hosts =
helo_try_verify_hosts = *
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = accept
begin acl
acl_rcpt:
  deny message = 5.1.1 no such user
       local_parts = gone
  defer message = 4.7.1 greylisted, come back later
        local_parts = ^new.*
        condition = ${if exists{%[1]s/greylist}}
  accept hosts = 127.0.0.1
begin routers
all:
  driver = accept
  transport = maildir
begin transports
maildir:
  driver = appendfile
  directory = %[1]s/mail
  maildir_format
  create_directory
  user = nobody
  group = nogroup
`, dir, port, program))
	cmd := exec.Command(program, "-C", filepath.Join(dir, "exim.conf"), "-bdf", "-q5m")
	neighbourtest.Start(t, cmd, neighbourtest.Answers(port))
	return port, filepath.Join(dir, "mail"), greylist
}

// startMailpit answers its SMTP port and the address of its interface.
func startMailpit(t *testing.T) (port int, url string) {
	t.Helper()
	port = neighbourtest.FreePort(t)
	web := fmt.Sprintf("127.0.0.1:%d", neighbourtest.FreePort(t))
	cmd := exec.Command(neighbourtest.Program(t, "mailpit"), "--listen", web, "--smtp", fmt.Sprintf("127.0.0.1:%d", port),
		"--database", filepath.Join(t.TempDir(), "mailpit.db"), "--disable-version-check")
	neighbourtest.Start(t, cmd, neighbourtest.Answers(port))
	return port, "http://" + web
}

// delivered are the contents of a Maildir.
func delivered(t *testing.T, maildir string) (all [][]byte) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(maildir, "new", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")))
	}
	return all
}
