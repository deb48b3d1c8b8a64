package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
)

// Listen opens the address of `--wire`: unix:/path for a socket that its owner
// alone may use, or a loopback address with a port, such as 127.0.0.1:2113. A
// socket that a process which has ended left behind is replaced; one that is in
// use is not.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	var conf net.ListenConfig
	path, unix := strings.CutPrefix(addr, "unix:")
	if !unix {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, fmt.Errorf("wire: the address %q is neither unix:/path nor host:port: %w", addr, err)
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return nil, fmt.Errorf("%w: %s", ErrNotLocal, addr)
		}
		return conf.Listen(ctx, "tcp", addr)
	}
	path = strings.TrimPrefix(path, "//")
	if c, err := (&net.Dialer{}).DialContext(ctx, "unix", path); err == nil {
		return nil, errors.Join(fmt.Errorf("wire: another process listens at %s", path), c.Close())
	}
	if info, err := os.Lstat(path); err == nil {
		if info.Mode().Type() != os.ModeSocket {
			return nil, fmt.Errorf("wire: %s is there and is no socket", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("wire: %w", err)
		}
	}
	l, err := conf.Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("wire: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("wire: %w", err), l.Close())
	}
	return l, nil
}

// local is true for addresses that only processes of this machine can reach.
func local(a net.Addr) bool {
	switch a := a.(type) {
	case *net.UnixAddr:
		return true
	case *net.TCPAddr:
		return a.IP.IsLoopback()
	}
	return false
}
