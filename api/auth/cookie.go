package auth

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// CookiePath is where the refresh cookie is sent to, and nowhere else.
const CookiePath = "/v1/auth"

// Names of the refresh cookie. Browsers accept the prefix over https only; on
// this machine itself plain http is as private, and gets a name that does not
// pretend.
const (
	secureCookie = "__Secure-alta-refresh"
	plainCookie  = "alta-refresh"
)

// Over says how a request came: over https, or over plain http from this
// machine. Anything else must not be given a session: ErrPlainHTTP. Behind a
// proxy that ends TLS, trustProxy believes its X-Forwarded-Proto.
func Over(r *http.Request, trustProxy bool) (https bool, err error) {
	if r.TLS != nil || trustProxy && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		return true, nil
	}
	if loopback(r.Host) {
		return false, nil
	}
	return false, ErrPlainHTTP
}

// Address says from where a request comes. Behind a proxy it is what the proxy has
// added to X-Forwarded-For, which is the last entry: what stands before it is
// whatever the caller liked to send.
func Address(r *http.Request, trustProxy bool) string {
	if told := r.Header.Values("X-Forwarded-For"); trustProxy && len(told) > 0 {
		last := told[len(told)-1]
		if a, err := netip.ParseAddr(strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])); err == nil {
			return a.String()
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// loopback reports whether a host, with or without a port, is this machine.
func loopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if a, err := netip.ParseAddr(host); err == nil {
		return a.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// RefreshCookie carries a refresh token until a moment: HttpOnly, so that no
// script reads it, SameSite=Strict, so that no other site sends it.
func RefreshCookie(token string, until time.Time, https bool) *http.Cookie {
	return &http.Cookie{
		Name: cookieName(https), Value: token, Path: CookiePath, Expires: until.UTC(),
		Secure: https, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
}

// ClearCookie takes the refresh token out of the browser.
func ClearCookie(https bool) *http.Cookie {
	c := RefreshCookie("", time.Unix(1, 0), https)
	c.MaxAge = -1
	return c
}

// CookieToken reads the refresh token of a request, empty when there is none.
func CookieToken(r *http.Request, https bool) string {
	c, err := r.Cookie(cookieName(https))
	if err != nil {
		return ""
	}
	return c.Value
}

// FlowCookie keeps what BeginOIDC asks to keep while the browser is at the
// identity provider, from where the way back is another site's link: hence Lax.
func FlowCookie(kept string, https bool) *http.Cookie {
	c := &http.Cookie{
		Name: flowName(https), Value: kept, Path: CookiePath, MaxAge: int(FlowLifetime / time.Second),
		Secure: https, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if kept == "" {
		c.MaxAge = -1
	}
	return c
}

// FlowKept reads it back, empty when there is none.
func FlowKept(r *http.Request, https bool) string {
	c, err := r.Cookie(flowName(https))
	if err != nil {
		return ""
	}
	return c.Value
}

func flowName(https bool) string { return cookieName(https) + "-oidc" }

func cookieName(https bool) string {
	if https {
		return secureCookie
	}
	return plainCookie
}

// CheckSite refuses with ErrOrigin a cookie-bearing request that a browser made
// for another site. Browsers say so in Sec-Fetch-Site; older ones and programs
// do not, and are judged by Origin, where they send one.
func CheckSite(r *http.Request) error {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin":
		return nil
	case "":
	default:
		return ErrOrigin
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return nil
	}
	if u, err := url.Parse(origin); err != nil || !strings.EqualFold(u.Host, r.Host) {
		return ErrOrigin
	}
	return nil
}
