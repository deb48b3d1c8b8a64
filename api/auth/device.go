package auth

import (
	"context"
	"net/http"
	"strings"
	"time"

	"alta/decider"
	"alta/domain/account"
)

// A device cookie names a browser that somebody logged in with before (OWASP,
// "device cookies"). Attempts that bring one are counted under the device and not
// under the account, so that nobody elsewhere can lock its owner out. The cookie
// proves nothing else: the password and the code are asked for all the same.
//
// It holds a token for each of the last people who logged in with that browser.
// A token names an account and a device; the account's stream says until when the
// device is trusted, and a new password or a copied refresh token ends that.
const (
	purposeDevice = "device"
	maxCookie     = 4 // people who share a browser
)

// limitDevice bounds what one known device can try on its own account.
var limitDevice = limitPair

// genuineDevices are the tokens of a cookie that this installation made. It fails with
// ErrKeysAway.
func (s *Service) genuineDevices(cookie string) (map[string]opaque, error) {
	found := map[string]opaque{}
	if len(cookie) > maxCookie*128 {
		return found, nil
	}
	for token := range strings.SplitSeq(cookie, ".") {
		if len(found) == maxCookie {
			break
		}
		o, ok, err := s.parseOpaque(token, purposeDevice)
		if err != nil {
			return nil, err
		}
		if ok {
			found[token] = o
		}
	}
	return found, nil
}

// knownDevice answers the device of a cookie that the account of that mailbox
// trusts, empty when there is none.
func (s *Service) knownDevice(ctx context.Context, cookie, email string) (string, error) {
	found, err := s.genuineDevices(cookie)
	if err != nil {
		return "", err
	}
	for _, o := range found {
		st, _, err := s.accounts.Load(ctx, o.account.String())
		if err != nil {
			return "", err
		}
		if !s.hasLogin(st, email) {
			continue
		}
		if device, err := s.ownDevice(st, cookie); err != nil || device != "" {
			return device, err
		}
	}
	return "", nil
}

// ownDevice answers the device of a cookie that an account trusts, empty when there
// is none.
func (s *Service) ownDevice(st account.State, cookie string) (string, error) {
	found, err := s.genuineDevices(cookie)
	for _, o := range found {
		if o.account.String() != st.ID {
			continue
		}
		if d, ok := st.Device(o.subject.String(), s.now()); ok {
			return d.ID, nil
		}
	}
	return "", err
}

// trustDevice prepares the trust in the browser that logs in, and the cookie that
// says so: the account's own token first, those of others behind it.
func (s *Service) trustDevice(st account.State, c account.StartSession, cookie string) (account.TrustDevice, string, error) {
	device := ""
	var others []string
	found, err := s.genuineDevices(cookie)
	if err != nil {
		return account.TrustDevice{}, "", err
	}
	for token, o := range found {
		if o.account.String() != st.ID {
			others = append(others, token)
		} else if d, ok := st.Device(o.subject.String(), c.At); ok {
			device = d.ID
		}
	}
	if device == "" {
		device = decider.NewID().String()
	}
	o, err := newOpaque(st.ID, device, 0)
	if err != nil {
		return account.TrustDevice{}, "", err
	}
	all := append([]string{o.token(s.keys.newest(), purposeDevice)}, others...)
	cookie = strings.Join(all[:min(len(all), maxCookie)], ".")
	return account.TrustDevice{Device: device, Session: c.Session, Agent: c.Agent, At: c.At}, cookie, nil
}

// DevicePath is where the device cookie is sent to. It reaches further than
// CookiePath, because a change of one's password keeps the device that made it.
const DevicePath = "/v1"

// DeviceCookie carries what Session.Device says.
func DeviceCookie(value string, https bool) *http.Cookie {
	return &http.Cookie{
		Name: deviceName(https), Value: value, Path: DevicePath, MaxAge: int(account.DeviceLifetime / time.Second),
		Secure: https, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
}

// DeviceKept reads it back, empty when there is none.
func DeviceKept(r *http.Request, https bool) string {
	c, err := r.Cookie(deviceName(https))
	if err != nil {
		return ""
	}
	return c.Value
}

func deviceName(https bool) string {
	if https {
		return "__Secure-alta-device"
	}
	return "alta-device"
}

// DeviceInfo is one line of the list of one's devices.
type DeviceInfo struct {
	account.Device
	Current bool // the one that asks
}

// Devices lists the devices that the caller's account trusts.
func (s *Service) Devices(ctx context.Context, p Principal, cookie string) ([]DeviceInfo, error) {
	st, _, err := s.accounts.Load(ctx, p.Account)
	if err != nil {
		return nil, err
	}
	found, err := s.genuineDevices(cookie)
	if err != nil {
		return nil, err
	}
	here := map[string]bool{}
	for _, o := range found {
		if o.account.String() == p.Account {
			here[o.subject.String()] = true
		}
	}
	now := s.now()
	list := []DeviceInfo{}
	for _, d := range st.Devices {
		if now.Before(d.Expires) {
			list = append(list, DeviceInfo{d, here[d.ID]})
		}
	}
	return list, nil
}

// ForgetDevice ends the trust in one of the caller's devices.
func (s *Service) ForgetDevice(ctx context.Context, p Principal, device string) error {
	c := account.ForgetDevice{Device: device, By: p.Account, At: s.now()}
	_, err := s.Transact(ctx, p.Account, p.Command("forget device"), nil, c.Decide)
	return err
}
