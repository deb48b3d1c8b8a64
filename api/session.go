package api

import (
	"net/http"
	"time"

	"alta/api/auth"
	"alta/domain/account"
	"alta/domain/lang"

	"github.com/labstack/echo/v4"
)

type me struct {
	ID           string       `json:"id"`
	Role         account.Role `json:"role"`
	Name         string       `json:"name"`
	Email        string       `json:"email"`
	Language     lang.Lang    `json:"language"`
	Organisation string       `json:"organisation,omitempty"`
	TOTP         bool         `json:"totp,omitempty"`
	// RecoveryCodes is how many are left, where one-time codes are set up.
	RecoveryCodes *int     `json:"recovery_codes,omitempty"`
	StepUp        auth.Way `json:"step_up"`
}

type session struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	Account     me     `json:"account"`
	MustEnrol   bool   `json:"must_enrol,omitempty"`
}

func profileOf(p auth.Profile) me {
	out := me{ID: p.ID, Role: p.Role, Name: p.Name.Clear(), Email: p.Email.Clear(), Language: p.Language, TOTP: p.TOTP, StepUp: p.StepUp}
	if p.TOTP {
		out.RecoveryCodes = &p.RecoveryCodes
	}
	if p.Role == account.Agent {
		out.Organisation = p.Organisation
	}
	return out
}

// caller is where the request comes from.
func (c *call) caller() auth.Caller {
	https, _ := auth.Over(c.Request(), c.server.TrustProxy)
	return auth.Caller{
		IP: c.RealIP(), UserAgent: c.userAgent(), Request: c.Response().Header().Get(echo.HeaderXRequestID),
		Device: auth.DeviceKept(c.Request(), https),
	}
}

// self is the caller who writes something about its own account, with the request
// that it may send again.
func (c *call) self() auth.Principal {
	p := c.who
	p.Request = auth.Request{Command: c.command(), Key: c.given}
	return p
}

// token is the request's bearer token.
func (c *call) token() string {
	return auth.Bearer(c.Request().Header.Get(echo.HeaderAuthorization))
}

// begin answers a session: the access token in the body, the refresh token in a
// cookie that no script can read.
func (s *Server) begin(c *call, from auth.Session, https bool) error {
	c.SetCookie(auth.RefreshCookie(from.RefreshToken, from.RefreshExpires, https))
	if from.Device != "" {
		c.SetCookie(auth.DeviceCookie(from.Device, https))
	}
	return c.JSON(http.StatusOK, session{
		AccessToken: from.AccessToken, TokenType: "Bearer", ExpiresIn: int(from.ExpiresIn / time.Second),
		Account: profileOf(from.Account), MustEnrol: from.MustEnrol,
	})
}

func (s *Server) login(c *call) error {
	https, err := auth.Over(c.Request(), s.TrustProxy)
	if err != nil {
		return err
	}
	var in struct {
		Email, Password, Code string
		RecoveryCode          string `json:"recovery_code"`
	}
	if err := c.read(&in); err != nil {
		return err
	}
	sess, err := s.Auth.Login(c.Request().Context(), auth.LoginRequest{Email: in.Email, Password: in.Password, Code: in.Code, Recovery: in.RecoveryCode, Caller: c.caller()})
	if err != nil {
		return err
	}
	return s.begin(c, sess, https)
}

// loginWays says how people can log in here, for the log-in page.
func (s *Server) loginWays(c *call) error {
	type provider struct {
		Name string `json:"name"`
	}
	var out struct {
		OIDC *provider `json:"oidc,omitempty"`
	}
	if name := s.Auth.OIDCName(); name != "" {
		out.OIDC = &provider{name}
	}
	return c.JSON(http.StatusOK, out)
}

// beginOIDC sends a browser to the identity provider. What it has to keep until it
// is back is in a cookie that no script can read.
func (s *Server) beginOIDC(c *call) error {
	https, err := auth.Over(c.Request(), s.TrustProxy)
	if err != nil {
		return err
	}
	if err := auth.CheckSite(c.Request()); err != nil {
		return err
	}
	location, kept, err := s.Auth.BeginOIDC(c.Request().Context(), c.caller())
	if err != nil {
		return err
	}
	c.SetCookie(auth.FlowCookie(kept, https))
	return c.JSON(http.StatusOK, map[string]string{"location": location})
}

// finishOIDC starts a session with what the identity provider sent the browser
// back with. The flow is over whatever comes of it.
func (s *Server) finishOIDC(c *call) error {
	https, err := auth.Over(c.Request(), s.TrustProxy)
	if err != nil {
		return err
	}
	if err := auth.CheckSite(c.Request()); err != nil {
		return err
	}
	var in struct{ State, Code string }
	if err := c.read(&in); err != nil {
		return err
	}
	c.SetCookie(auth.FlowCookie("", https))
	sess, err := s.Auth.FinishOIDC(c.Request().Context(), auth.FlowKept(c.Request(), https), in.State, in.Code, c.caller())
	if err != nil {
		return err
	}
	return s.begin(c, sess, https)
}

func (s *Server) refresh(c *call) error {
	https, err := auth.Over(c.Request(), s.TrustProxy)
	if err != nil {
		return err
	}
	if err := auth.CheckSite(c.Request()); err != nil {
		return err
	}
	token := auth.CookieToken(c.Request(), https)
	if token == "" {
		return auth.ErrRefresh
	}
	sess, err := s.Auth.Refresh(c.Request().Context(), token, c.caller())
	if err != nil {
		if problemOf(err).Status == http.StatusUnauthorized {
			c.SetCookie(auth.ClearCookie(https))
		}
		return err
	}
	return s.begin(c, sess, https)
}

func (s *Server) logout(c *call) error {
	https, err := auth.Over(c.Request(), s.TrustProxy)
	if err != nil {
		return err
	}
	if err := auth.CheckSite(c.Request()); err != nil {
		return err
	}
	if token := auth.CookieToken(c.Request(), https); token != "" {
		if err := s.Auth.Logout(c.Request().Context(), token); err != nil {
			return err
		}
	}
	c.SetCookie(auth.ClearCookie(https))
	return c.NoContent(http.StatusNoContent)
}

func (s *Server) activate(c *call) error {
	var in struct{ Token, Password string }
	if err := c.read(&in); err != nil {
		return err
	}
	if err := s.Auth.Activate(c.Request().Context(), in.Token, in.Password, c.caller()); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (s *Server) requestLink(c *call) error {
	var in struct{ Email string }
	if err := c.read(&in); err != nil {
		return err
	}
	if err := s.Auth.RequestLink(c.Request().Context(), in.Email, c.caller()); err != nil {
		return err
	}
	return c.NoContent(http.StatusAccepted)
}

func (s *Server) me(c *call) error {
	p, err := s.Auth.Profile(c.Request().Context(), c.who)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, profileOf(p))
}

// stepUp answers a proof that the person behind the session is present.
func (s *Server) stepUp(c *call) error {
	var in struct {
		Purpose        account.StepUp
		Password, Code string
		RecoveryCode   string `json:"recovery_code"`
	}
	if err := c.read(&in); err != nil {
		return err
	}
	proof, err := s.Auth.StepUp(c.Request().Context(), c.who, auth.StepUpRequest{
		Purpose: in.Purpose, Password: in.Password, Code: in.Code, RecoveryCode: in.RecoveryCode, Caller: c.caller(),
	})
	if err != nil {
		return err
	}
	return c.proved(proof)
}

// beginOIDCStepUp sends a browser to the identity provider, to prove that the
// person is present.
func (s *Server) beginOIDCStepUp(c *call) error {
	https, err := auth.Over(c.Request(), s.TrustProxy)
	if err != nil {
		return err
	}
	var in struct{ Purpose account.StepUp }
	if err := c.read(&in); err != nil {
		return err
	}
	location, kept, err := s.Auth.BeginOIDCStepUp(c.Request().Context(), c.who, in.Purpose, c.caller())
	if err != nil {
		return err
	}
	c.SetCookie(auth.FlowCookie(kept, https))
	return c.JSON(http.StatusOK, map[string]string{"location": location})
}

// finishOIDCStepUp answers the proof.
func (s *Server) finishOIDCStepUp(c *call) error {
	https, err := auth.Over(c.Request(), s.TrustProxy)
	if err != nil {
		return err
	}
	var in struct{ State, Code string }
	if err := c.read(&in); err != nil {
		return err
	}
	c.SetCookie(auth.FlowCookie("", https))
	proof, err := s.Auth.FinishOIDCStepUp(c.Request().Context(), c.who, auth.FlowKept(c.Request(), https), in.State, in.Code, c.caller())
	if err != nil {
		return err
	}
	return c.proved(proof)
}

func (c *call) proved(p auth.Proof) error {
	return c.JSON(http.StatusOK, map[string]any{"proof": p.Token, "purpose": p.Purpose, "expires": p.Expires})
}

func (s *Server) changePassword(c *call) error {
	var in struct{ Current, Password string }
	if err := c.read(&in); err != nil {
		return err
	}
	if err := s.Auth.ChangePassword(c.Request().Context(), c.self(), in.Current, in.Password, c.caller()); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// beginTOTP asks for a proof of presence, unless a log-in that is good for nothing
// else has just been that.
func (s *Server) beginTOTP(c *call) error {
	fresh, err := s.Auth.Fresh(c.Request().Context(), c.who)
	if err != nil {
		return err
	}
	if !fresh {
		if err := c.present(account.StepUpCredentials); err != nil {
			return err
		}
	}
	setup, err := s.Auth.BeginTOTP(c.Request().Context(), c.self())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]string{"secret": setup.Secret, "uri": setup.URI})
}

func (s *Server) confirmTOTP(c *call) error {
	var in struct{ Code string }
	if err := c.read(&in); err != nil {
		return err
	}
	codes, err := s.Auth.ConfirmTOTP(c.Request().Context(), c.self(), in.Code)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"recovery_codes": codes})
}

func (s *Server) disableTOTP(c *call) error {
	if err := s.Auth.DisableTOTP(c.Request().Context(), c.self(), c.who.Account); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (s *Server) renewRecoveryCodes(c *call) error {
	codes, err := s.Auth.RenewRecoveryCodes(c.Request().Context(), c.self())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"recovery_codes": codes})
}

type deviceInfo struct {
	ID        string    `json:"id"`
	UserAgent string    `json:"user_agent,omitempty"`
	Trusted   time.Time `json:"trusted"`
	Expires   time.Time `json:"expires"`
	Current   bool      `json:"current"`
}

func (s *Server) devices(c *call) error {
	list, err := s.Auth.Devices(c.Request().Context(), c.who, c.caller().Device)
	if err != nil {
		return err
	}
	out := []deviceInfo{}
	for i := len(list) - 1; i >= 0; i-- {
		d := list[i]
		out = append(out, deviceInfo{ID: d.ID, UserAgent: d.Agent.Clear(), Trusted: d.Trusted, Expires: d.Expires, Current: d.Current})
	}
	return c.JSON(http.StatusOK, map[string]any{"devices": out})
}

func (s *Server) forgetDevice(c *call) error {
	if err := s.Auth.ForgetDevice(c.Request().Context(), c.self(), c.Param("device")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// key answers what the key is that the request came with, so that an integrator
// can see whether it works before anything is sent with it.
func (s *Server) key(c *call) error {
	k, err := s.Auth.Key(c.Request().Context(), c.who)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"key": keyOf(k), "account": c.who.Account, "role": c.who.Role})
}

type sessionInfo struct {
	ID        string     `json:"id"`
	Started   time.Time  `json:"started"`
	LastUsed  *time.Time `json:"last_used,omitempty"`
	UserAgent string     `json:"user_agent,omitempty"`
	Current   bool       `json:"current"`
}

func (s *Server) sessions(c *call) error {
	list, err := s.Auth.Sessions(c.Request().Context(), c.who)
	if err != nil {
		return err
	}
	out := []sessionInfo{}
	for i := len(list) - 1; i >= 0; i-- {
		x := list[i]
		info := sessionInfo{ID: x.ID, Started: x.Started, UserAgent: x.Agent.Clear(), Current: x.Current}
		if !x.Used.IsZero() {
			info.LastUsed = &x.Used
		}
		out = append(out, info)
	}
	return c.JSON(http.StatusOK, map[string]any{"sessions": out})
}

func (s *Server) revokeSession(c *call) error {
	if err := s.Auth.Revoke(c.Request().Context(), c.self(), c.who.Account, c.Param("session")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

type apiKey struct {
	ID      string          `json:"id"`
	Prefix  string          `json:"prefix"`
	Label   string          `json:"label"`
	Scopes  []account.Scope `json:"scopes"`
	Issued  time.Time       `json:"issued"`
	Used    *time.Time      `json:"used,omitempty"`
	Expires *time.Time      `json:"expires,omitempty"`
}

func keyOf(k account.APIKey) apiKey {
	out := apiKey{ID: k.ID, Prefix: k.Prefix, Label: k.Label, Scopes: k.Scopes, Issued: k.Issued}
	if !k.Used.IsZero() {
		out.Used = &k.Used
	}
	if !k.Expires.IsZero() {
		out.Expires = &k.Expires
	}
	return out
}

func (s *Server) apiKeys(c *call) error {
	list, err := s.Auth.APIKeys(c.Request().Context(), c.who)
	if err != nil {
		return err
	}
	out := []apiKey{}
	for _, k := range list {
		out = append(out, keyOf(k))
	}
	return c.JSON(http.StatusOK, map[string]any{"keys": out})
}

func (s *Server) issueAPIKey(c *call) error {
	var in struct {
		Label   string
		Scopes  []account.Scope
		Expires time.Time
	}
	if err := c.read(&in); err != nil {
		return err
	}
	if in.Expires.IsZero() {
		in.Expires = s.Now().AddDate(1, 0, 0)
	}
	secret, k, err := s.Auth.IssueAPIKey(c.Request().Context(), c.self(), auth.APIKeyRequest{Label: in.Label, Scopes: in.Scopes, Expires: in.Expires})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, map[string]any{"key": keyOf(k), "secret": secret})
}

func (s *Server) revokeAPIKey(c *call) error {
	if err := s.Auth.RevokeAPIKey(c.Request().Context(), c.self(), c.Param("key")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
