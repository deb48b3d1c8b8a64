package mail

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"alta/domain/identifier"
)

// HelloName is the name that this installation gives in EHLO. Servers check it
// (RFC 5321 §4.1.1.1): a full domain name or an address literal, no bare host
// name. It is the setting, or else the origin's host, or else the machine's name;
// empty where neither is a full name, and then SMTP says its address.
func HelloName(setting, origin string) (string, error) {
	if setting != "" {
		if name := fullName(setting); name != "" {
			return name, nil
		}
		if bare, ok := strings.CutPrefix(setting, "["); ok {
			if a, err := netip.ParseAddr(strings.TrimPrefix(strings.TrimSuffix(bare, "]"), "IPv6:")); err == nil {
				return addressLiteral(a), nil
			}
		}
		return "", fmt.Errorf("mail: %q is no full domain name such as mail.example.com, and no [address]", setting)
	}
	if u, err := url.Parse(origin); err == nil {
		if name := fullName(u.Hostname()); name != "" {
			return name, nil
		}
	}
	host, err := os.Hostname()
	if err != nil {
		return "", nil
	}
	return fullName(host), nil
}

// fullName is a host's name as an A-label, or empty where it is no full one. Every
// full name can stand behind an @.
func fullName(host string) string {
	_, name, _ := strings.Cut(identifier.Mailbox("x@"+strings.TrimSuffix(host, ".")).Canonical, "@")
	return name
}

// literal is the address of this machine on the way to a server (RFC 5321
// §4.1.3). Nothing is sent to find it.
func literal(ctx context.Context, server string) (string, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "udp", server)
	if err != nil {
		return "", err
	}
	defer func() { _ = c.Close() }()
	return addressLiteral(c.LocalAddr().(*net.UDPAddr).AddrPort().Addr()), nil
}

func addressLiteral(a netip.Addr) string {
	if a = a.Unmap().WithZone(""); a.Is6() {
		return "[IPv6:" + a.String() + "]"
	}
	return "[" + a.String() + "]"
}
