package account_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"alta/domain/account"
	"alta/domain/lang"
	"alta/domain/personal"
)

// The edges of what may happen to an account.
func TestTheEdgesOfWhatMayHappenToAnAccount(t *testing.T) {
	issue := func(change func(*account.IssueLink)) account.IssueLink {
		c := account.IssueLink{Link: "l1", Purpose: account.Activation, Hash: "h", Key: "k", By: ann, At: day}
		change(&c)
		return c
	}
	invited := events{opened(account.Lead)}
	device := func(change func(*account.TrustDevice)) account.TrustDevice {
		c := trust("d", day)
		change(&c)
		return c
	}
	provider := account.OIDCLinked{Issuer: "https://idp.example", Subject: personal.New("sub-1"), At: day}
	byProvider := login(func(c *account.StartSession) { c.Method, c.SecondFactor = account.ByOIDC, true })
	oidc := func(r account.Role) account.SessionStarted {
		e := started(other, day, r)
		e.Method, e.SecondFactor = account.ByOIDC, true
		return e
	}
	issued := func(change func(*account.IssueAPIKey)) account.APIKeyIssued { return account.APIKeyIssued(key(change)) }
	proved := func(m account.Method) account.PresenceProved {
		return account.PresenceProved{Session: session, Purpose: account.StepUpCredentials, Method: m, Expires: at(account.StepUpLifetime), At: day}
	}
	sets := func(change func(*account.IssueRecoveryCodes)) account.IssueRecoveryCodes {
		c := account.IssueRecoveryCodes{Set: "set", Hashes: recovery, At: day}
		change(&c)
		return c
	}
	skills := func(n int) []string {
		var out []string
		for i := range n {
			out = append(out, fmt.Sprintf("p%02d", i))
		}
		return out
	}
	var reversed events
	for i := range account.MaxSessions { // the one least used is the last
		reversed = append(reversed, started(fmt.Sprintf("s%02d", i), at(-time.Duration(i)*time.Minute), account.Merchant))
	}
	devices := func(first time.Duration) events { // of ten, the fifth was trusted longest ago
		all := events{started(session, day, account.Merchant)}
		for i := range account.MaxDevices {
			when := at(-time.Duration(i) * time.Minute)
			if i == 4 {
				when = at(first)
			}
			all = append(all, trusted(fmt.Sprintf("d%d", i), account.TrustNew, when))
		}
		return all
	}
	view := func(change func(*account.ViewSaved)) account.ViewSaved {
		e := saved("v", false)
		change(&e)
		return e
	}
	many := func(n int) map[string]string {
		out := map[string]string{}
		for i := range n {
			out[fmt.Sprintf("f%02d", i)] = "x"
		}
		return out
	}
	rulebook(t, map[string]rule{
		"a new password is one":                     {given: active(account.Lead), when: account.ChangePassword{Verified: hash, At: day}, err: account.ErrMalformed},
		"nobody reads a fourth language":            {given: active(account.Merchant), when: account.ChooseLanguage{Language: "fr", At: day}, err: account.ErrLanguage},
		"what is not there is not closed":           {when: account.Close{Reason: "over", By: ann, At: day}, err: account.ErrNoAccount},
		"closing says why":                          {given: active(account.Merchant), when: account.Close{Reason: " ", By: ann, At: day}, err: account.ErrText},
		"in one line":                               {given: active(account.Merchant), when: account.Close{Reason: "a\nb", By: ann, At: day}, err: account.ErrText},
		"staff are let go by an admin":              {given: active(account.Lead), when: account.Close{Reason: "over", By: admin, At: day}, then: events{account.Closed{Reason: "over", By: admin, At: day}}},
		"suspending says why in one line":           {given: active(account.Lead), when: account.Suspend{Reason: "a\nb", By: admin, At: day}, err: account.ErrText},
		"codes are set up with a code":              {given: active(account.Lead, account.TOTPOffered{Secret: secret, At: day}), when: account.EnrolTOTP{Session: session, Set: "set", Hashes: recovery, At: day}, err: account.ErrCodeRequired},
		"offered codes have a secret":               {given: active(account.Lead), when: account.OfferTOTP{At: day}, err: account.ErrMalformed},
		"another key of the same name is refused":   {given: active(account.Agent, issued(nil)), when: key(func(c *account.IssueAPIKey) { c.Hash = "other" }), err: account.ErrKeyExists},
		"a key has a label":                         {given: active(account.Agent), when: key(func(c *account.IssueAPIKey) { c.Label = " " }), err: account.ErrText},
		"in one line ":                              {given: active(account.Agent), when: key(func(c *account.IssueAPIKey) { c.Label = "a\nb" }), err: account.ErrText},
		"a label is kept without the blanks around": {given: active(account.Agent), when: key(func(c *account.IssueAPIKey) { c.Label = " shop " }), then: events{issued(nil)}},
		"scopes are kept once and in order": {given: active(account.Agent), when: key(func(c *account.IssueAPIKey) {
			c.Scopes = []account.Scope{account.WriteApplications, account.ReadApplications, account.WriteApplications}
		}), then: events{issued(func(c *account.IssueAPIKey) {
			c.Scopes = []account.Scope{account.ReadApplications, account.WriteApplications}
		})}},
		"a key for the longest term":                 {given: active(account.Agent), when: key(func(c *account.IssueAPIKey) { c.Expires = at(account.MaxKeyTerm) }), then: events{issued(func(c *account.IssueAPIKey) { c.Expires = at(account.MaxKeyTerm) })}},
		"a key for a moment longer":                  {given: active(account.Agent), when: key(func(c *account.IssueAPIKey) { c.Expires = at(account.MaxKeyTerm + 1) }), err: account.ErrKeyTerm},
		"a key has an identity":                      {given: active(account.Agent), when: key(func(c *account.IssueAPIKey) { c.Key = "" }), err: account.ErrMalformed},
		"and a beginning that people see":            {given: active(account.Agent), when: key(func(c *account.IssueAPIKey) { c.Prefix = "" }), err: account.ErrMalformed},
		"and a hash":                                 {given: active(account.Agent), when: key(func(c *account.IssueAPIKey) { c.Hash = "" }), err: account.ErrMalformed},
		"a key is revoked where there is an account": {when: account.RevokeAPIKey{Key: "key", By: ann, At: day}, err: account.ErrNoAccount},
		"so is a session":                            {when: account.RevokeSession{Session: session, By: ann, At: day}, err: account.ErrNoAccount},
		"and all of them":                            {when: account.RevokeSessions{By: ann, At: day}, err: account.ErrNoAccount},
		"a link has an identity":                     {given: invited, when: issue(func(c *account.IssueLink) { c.Link = "" }), err: account.ErrMalformed},
		"a hash":                                     {given: invited, when: issue(func(c *account.IssueLink) { c.Hash = "" }), err: account.ErrMalformed},
		"a key":                                      {given: invited, when: issue(func(c *account.IssueLink) { c.Key = "" }), err: account.ErrMalformed},
		"and a time":                                 {given: invited, when: issue(func(c *account.IssueLink) { c.At = time.Time{} }), err: account.ErrMalformed},
		"a link is for one of two purposes":          {given: invited, when: issue(func(c *account.IssueLink) { c.Purpose = "party" }), err: account.ErrMalformed},
		"an active account's password is reset":      {given: active(account.Lead), when: issue(func(c *account.IssueLink) { c.Purpose = account.Reset }), then: events{link(account.Reset)}},
		"without a link none is used":                {given: active(account.Lead), when: account.UseLink{Password: hash, At: day}, err: account.ErrLinkOver},
		"another link than the last is over":         {given: events{opened(account.Lead), link(account.Activation)}, when: account.UseLink{Link: "l0", Hash: "h", Password: hash, At: day}, err: account.ErrLinkOver},
		"a link sets a password":                     {given: events{opened(account.Lead), link(account.Activation)}, when: account.UseLink{Link: "l1", Hash: "h", At: day}, err: account.ErrMalformed},
		"a set of recovery codes has an identity":    {given: enrolled(account.Lead), when: sets(func(c *account.IssueRecoveryCodes) { c.Set = "" }), err: account.ErrMalformed},
		"and ten codes, not nine":                    {given: enrolled(account.Lead), when: sets(func(c *account.IssueRecoveryCodes) { c.Hashes = recovery[:9] }), err: account.ErrMalformed},
		"nor eleven of which two are one":            {given: enrolled(account.Lead), when: sets(func(c *account.IssueRecoveryCodes) { c.Hashes = append(slices.Clone(recovery), "h0") }), err: account.ErrMalformed},
		"nor ten of which two are one":               {given: enrolled(account.Lead), when: sets(func(c *account.IssueRecoveryCodes) { c.Hashes = append(slices.Clone(recovery[:9]), "h0") }), err: account.ErrMalformed},
		"nor an empty one":                           {given: enrolled(account.Lead), when: sets(func(c *account.IssueRecoveryCodes) { c.Hashes = append(slices.Clone(recovery[:9]), "") }), err: account.ErrMalformed},
		"a leave without an end is one":              {given: active(account.Reviewer), when: account.GoAway{At: day}, then: events{account.WentAway{At: day}}},
		"a leave is made longer":                     {given: active(account.Reviewer, account.WentAway{Until: at(time.Hour), At: day}), when: account.GoAway{Until: at(2 * time.Hour), At: day}, then: events{account.WentAway{Until: at(2 * time.Hour), At: day}}},
		"who is back goes away anew":                 {given: active(account.Reviewer, account.WentAway{At: day}, account.CameBack{At: day}), when: account.GoAway{At: day}, then: events{account.WentAway{At: day}}},
		"a provider's link has an issuer":            {given: active(account.Lead), when: account.LinkOIDC{Subject: personal.New("sub-1"), At: day}, err: account.ErrMalformed},
		"and a subject":                              {given: active(account.Lead), when: account.LinkOIDC{Issuer: "https://idp.example", At: day}, err: account.ErrMalformed},
		"who is linked logs in by the provider":      {given: active(account.Lead, provider), when: byProvider, then: events{oidc(account.Lead)}},
		"a merchant does not, whatever is recorded":  {given: active(account.Merchant, provider), when: byProvider, err: account.ErrOIDCOther},
		"presence is proved by the provider":         {given: active(account.Lead, provider, started(session, day, account.Lead)), when: presence(func(c *account.ProvePresence) { c.Method = account.ByOIDC }), then: events{proved(account.ByOIDC)}},
		"not in a session that is over":              {given: active(account.Lead, started(session, day, account.Lead)), when: presence(func(c *account.ProvePresence) { c.At = at(3 * time.Hour) }), err: account.ErrSessionOver},
		"nor in one that never was":                  {given: active(account.Lead), when: presence(nil), err: account.ErrSessionOver},
		"not by who is not linked":                   {given: active(account.Lead, started(session, day, account.Lead)), when: presence(func(c *account.ProvePresence) { c.Method = account.ByOIDC }), err: account.ErrOIDCOther},
		"nor by a merchant, whatever is recorded":    {given: active(account.Merchant, provider, started(session, day, account.Merchant)), when: presence(func(c *account.ProvePresence) { c.Method = account.ByOIDC }), err: account.ErrOIDCOther},
		"a code that proved presence is used up":     {given: enrolled(account.Merchant, account.PresenceProved{Session: session, Step: 105, At: day}), when: login(func(c *account.StartSession) { c.Step = 105 }), err: account.ErrCodeUsed},
		"an account has an identity":                 {when: open(func(c *account.Open) { c.Account = "" }), err: account.ErrMalformed},
		"a log-in name":                              {when: open(func(c *account.Open) { c.Login = "" }), err: account.ErrMalformed},
		"somebody who opened it":                     {when: open(func(c *account.Open) { c.By = "" }), err: account.ErrMalformed},
		"and a beginning":                            {when: open(func(c *account.Open) { c.At = time.Time{} }), err: account.ErrMalformed},
		"an organisation's name is one line":         {when: open(func(c *account.Open) { c.Role, c.OrganisationName = account.Agent, "a\nb" }), err: account.ErrText},
		"staff name no organisation":                 {when: open(func(c *account.Open) { c.OrganisationName = "Example" }), err: account.ErrOrg},
		"a closed account is not opened again":       {given: events{opened(account.Reviewer), account.Closed{At: day}}, when: open(nil), err: account.ErrExists},
		"a rotated token has a hash":                 {given: active(account.Merchant, started(session, day, account.Merchant)), when: account.RotateSession{Session: session, Hash: "t0", NextKey: "k2", At: day}, err: account.ErrMalformed},
		"and a key ":                                 {given: active(account.Merchant, started(session, day, account.Merchant)), when: account.RotateSession{Session: session, Hash: "t0", NextHash: "t+", At: day}, err: account.ErrMalformed},
		"a session has an identity":                  {given: active(account.Merchant), when: login(func(c *account.StartSession) { c.Session = "" }), err: account.ErrMalformed},
		"a token's hash":                             {given: active(account.Merchant), when: login(func(c *account.StartSession) { c.Hash = "" }), err: account.ErrMalformed},
		"its key":                                    {given: active(account.Merchant), when: login(func(c *account.StartSession) { c.Key = "" }), err: account.ErrMalformed},
		"and a beginning ":                           {given: active(account.Merchant), when: login(func(c *account.StartSession) { c.At = time.Time{} }), err: account.ErrMalformed},
		"of too many sessions the least used goes":   {given: active(account.Merchant, reversed...), when: login(nil), then: events{revoked("s19", account.TooMany, ann, day), started(other, day, account.Merchant)}},
		"merchants state no skills":                  {given: active(account.Merchant), when: account.StateSkills{Products: []string{"alipay"}, By: ann, At: day}, err: account.ErrNotStaff},
		"nobody judges a fourth language":            {given: active(account.Reviewer), when: account.StateSkills{Languages: []lang.Lang{"fr"}, By: ann, At: day}, err: account.ErrSkills},
		"twenty products are the most":               {given: active(account.Reviewer), when: account.StateSkills{Products: skills(account.MaxSkills), By: ann, At: day}, then: events{account.SkillsStated{Products: skills(account.MaxSkills), By: ann, At: day}}},
		"twenty-one are too many":                    {given: active(account.Reviewer), when: account.StateSkills{Products: skills(account.MaxSkills + 1), By: ann, At: day}, err: account.ErrSkills},
		"other languages alone are other skills":     {given: active(account.Reviewer, account.SkillsStated{Languages: []lang.Lang{lang.Spanish}, Products: []string{"alipay"}, By: ann, At: day}), when: account.StateSkills{Languages: []lang.Lang{lang.English}, Products: []string{"alipay"}, By: ann, At: day}, then: events{account.SkillsStated{Languages: []lang.Lang{lang.English}, Products: []string{"alipay"}, By: ann, At: day}}},
		"other products alone are, too":              {given: active(account.Reviewer, account.SkillsStated{Languages: []lang.Lang{lang.Spanish}, Products: []string{"alipay"}, By: ann, At: day}), when: account.StateSkills{Languages: []lang.Lang{lang.Spanish}, Products: []string{"wechat"}, By: ann, At: day}, then: events{account.SkillsStated{Languages: []lang.Lang{lang.Spanish}, Products: []string{"wechat"}, By: ann, At: day}}},
		"a device has an identity":                   {given: active(account.Merchant), when: device(func(c *account.TrustDevice) { c.Device = "" }), err: account.ErrMalformed},
		"it is trusted with a session":               {given: active(account.Merchant), when: device(func(c *account.TrustDevice) { c.Session = "" }), err: account.ErrMalformed},
		"at a time":                                  {given: active(account.Merchant), when: device(func(c *account.TrustDevice) { c.At = time.Time{} }), err: account.ErrMalformed},
		"trust is renewed when half of it is over":   {given: active(account.Merchant, started(session, day, account.Merchant), trusted("d", account.TrustNew, at(-account.DeviceLifetime/2))), when: trust("d", day), then: events{trusted("d", account.TrustRenewed, day)}},
		"and not a moment before":                    {given: active(account.Merchant, started(session, day, account.Merchant), trusted("d", account.TrustNew, at(1-account.DeviceLifetime/2))), when: trust("d", day)},
		"of too many devices the one least lately":   {given: active(account.Merchant, devices(-time.Hour)...), when: trust("new", day), then: events{account.DeviceForgotten{Device: "d4", By: ann, At: day}, trusted("new", account.TrustNew, day)}},
		"one whose trust is over makes room itself":  {given: active(account.Merchant, devices(-account.DeviceLifetime)...), when: trust("new", day), then: events{trusted("new", account.TrustNew, day)}},
		"renewed trust needs no room":                {given: active(account.Merchant, devices(-account.DeviceLifetime/2)...), when: trust("d4", day), then: events{trusted("d4", account.TrustRenewed, day)}},
		"a view has an identity":                     {given: active(account.Reviewer), when: saving(view(func(e *account.ViewSaved) { e.View = "" }), ann, false), err: account.ErrView},
		"of at most sixty-four bytes":                {given: active(account.Reviewer), when: saving(view(func(e *account.ViewSaved) { e.View = strings.Repeat("v", 64) }), ann, false), then: events{view(func(e *account.ViewSaved) { e.View = strings.Repeat("v", 64) })}},
		"not sixty-five":                             {given: active(account.Reviewer), when: saving(view(func(e *account.ViewSaved) { e.View = strings.Repeat("v", 65) }), ann, false), err: account.ErrView},
		"and a queue":                                {given: active(account.Reviewer), when: saving(view(func(e *account.ViewSaved) { e.Queue = "" }), ann, false), err: account.ErrView},
		"sixteen filters are the most":               {given: active(account.Reviewer), when: saving(view(func(e *account.ViewSaved) { e.Filters = many(16) }), ann, false), then: events{view(func(e *account.ViewSaved) { e.Filters = many(16) })}},
		"seventeen are too many":                     {given: active(account.Reviewer), when: saving(view(func(e *account.ViewSaved) { e.Filters = many(17) }), ann, false), err: account.ErrView},
		"a shared view stays so when twenty are":     {given: active(account.Reviewer, views(account.MaxSharedViews, account.MaxSharedViews)...), when: saving(view(func(e *account.ViewSaved) { e.View, e.Name, e.Shared = "v1", "New", true }), ann, false), then: events{view(func(e *account.ViewSaved) { e.View, e.Name, e.Shared = "v1", "New", true })}},
		"twenty-one may not share":                   {given: active(account.Reviewer, views(account.MaxSharedViews+1, account.MaxSharedViews)...), when: saving(view(func(e *account.ViewSaved) { e.View, e.Shared = "v20", true }), ann, false), err: account.ErrTooManyViews},
		"the twentieth may":                          {given: active(account.Reviewer, views(account.MaxSharedViews, account.MaxSharedViews-1)...), when: saving(view(func(e *account.ViewSaved) { e.View, e.Shared = "v19", true }), ann, false), then: events{view(func(e *account.ViewSaved) { e.View, e.Shared = "v19", true })}},
		"private ones of one's own do not count":     {given: active(account.Reviewer, views(account.MaxSharedViews+5, account.MaxSharedViews-1)...), when: saving(view(func(e *account.ViewSaved) { e.View, e.Shared = "v23", true }), ann, false), then: events{view(func(e *account.ViewSaved) { e.View, e.Shared = "v23", true })}},
		"a twenty-first private view beside shared":  {given: active(account.Reviewer, views(account.MaxSharedViews, account.MaxSharedViews)...), when: saving(saved("v", false), ann, false), then: events{saved("v", false)}},
	})
}

func TestWhoIsOnLeave(t *testing.T) {
	for rule, k := range map[string]struct {
		s    account.State
		away bool
	}{
		"who did not go":        {account.State{}, false},
		"who came back":         {account.State{AwayUntil: at(time.Hour)}, false},
		"for as long as stated": {account.State{Away: true, AwayUntil: at(time.Nanosecond)}, true},
		"until then":            {account.State{Away: true, AwayUntil: day}, false},
		"without an end":        {account.State{Away: true}, true},
	} {
		if got := k.s.OnLeave(day); got != k.away {
			t.Errorf("%s: away %v", rule, got)
		}
	}
}

func TestWhatRolesAndLinksAreBoundTo(t *testing.T) {
	for _, r := range account.Roles() {
		want := 10
		if r.Staff() {
			want = 12
		}
		if r.MinPassword() != want {
			t.Errorf("a password of a %s has at least %d characters, want %d", r, r.MinPassword(), want)
		}
	}
	if account.Reset.Lifetime() != time.Hour || account.Activation.Lifetime() != 7*24*time.Hour {
		t.Errorf("a reset lives %s, an activation %s", account.Reset.Lifetime(), account.Activation.Lifetime())
	}
}

func TestEnrollingMakesTheSessionOneOfTwoFactors(t *testing.T) {
	s := fold(active(account.Merchant, started(session, day, account.Merchant), started(other, day, account.Merchant),
		account.TOTPOffered{Secret: secret, At: day}, account.TOTPEnrolled{Step: 100, Session: session, At: day}))
	for _, x := range s.Sessions {
		if x.SecondFactor != (x.ID == session) {
			t.Errorf("%s has a second factor: %v", x.ID, x.SecondFactor)
		}
	}
}

func TestARefusalIsItsCodeAndNamesTheField(t *testing.T) {
	var refused error = account.ErrPassword
	for other, same := range map[error]bool{account.ErrRole: false, errors.New("password"): false, account.ErrPassword: true} {
		//lint:ignore SA1032 both are refusals, and it is their comparison that is tested.
		if errors.Is(refused, other) != same {
			t.Errorf("a refusal is its code: %v and %v", refused, other)
		}
	}
	for field, c := range map[string]command{
		"purpose": account.IssueLink{Link: "l", Purpose: "party", Hash: "h", Key: "k", At: day}, "reason": account.Suspend{By: admin, At: day},
		"password": account.ChangePassword{Verified: hash, At: day}, "languages": account.StateSkills{Languages: []lang.Lang{"fr"}, At: day},
	} {
		_, err := c.Decide(fold(active(account.Reviewer)))
		var r *account.Refusal
		if !errors.As(err, &r) || r.Field != field {
			t.Errorf("%T: %v, want the field %s", c, err, field)
		}
	}
	all := account.Refusals()
	if len(all) < 20 || !slices.IsSortedFunc(all, func(a, b account.Refusal) int { return strings.Compare(a.Code, b.Code) }) {
		t.Errorf("%d refusals are listed", len(all))
	}
}

func TestASavedViewIsNotWrittenIntoTheStateThatOthersHold(t *testing.T) {
	base := fold(active(account.Reviewer, saved("a", false)))
	account.Evolve(base, saved("a", true))
	account.Evolve(base, saved("b", false))
	if len(base.Views) != 1 || base.Views[0].Shared {
		t.Errorf("%+v", base.Views)
	}
}

// One mailbox is one account, however its address is written.
func TestAddresses(t *testing.T) {
	long := strings.Repeat("x", 64)
	domain := strings.Repeat(strings.Repeat("d", 62)+".", 3) // 189
	for typed, k := range map[string]struct{ kept, login string }{
		"ann@example.com":            {"ann@example.com", "ann@example.com"},
		" Ann@Example.COM ":          {"ann@example.com", "ann@example.com"},
		"ann\u200b@example.com":      {"ann@example.com", "ann@example.com"},
		"ａｎｎ@example.com":            {"ann@example.com", "ann@example.com"},
		"ann@example。com":            {"ann@example.com", "ann@example.com"},
		"ann@例子.公司":                  {"ann@例子.公司", "ann@xn--fsqu00a.xn--55qx5d"},
		"ann@xn--fsqu00a.xn--55qx5d": {"ann@xn--fsqu00a.xn--55qx5d", "ann@xn--fsqu00a.xn--55qx5d"},
		"安娜@example.com":             {"安娜@example.com", "安娜@example.com"},
		"安。娜@example.com":            {"安。娜@example.com", "安。娜@example.com"},
		"ann@\u0080.com":             {"ann@\u0080.com", ""},
		"ann@localhost":              {"ann@localhost", "ann@localhost"},
		"ann@intranet":               {"", ""},
		"ann":                        {"", ""},
		"@example.com":               {"", ""},
		"ann@":                       {"", ""},
		long + "@example.com":        {long + "@example.com", long + "@example.com"},
		long + "x@example.com":       {"", ""},
		strings.Repeat("x", 60) + "@" + domain + "dd.c":     {strings.Repeat("x", 60) + "@" + domain + "dd.c", strings.Repeat("x", 60) + "@" + domain + "dd.c"},
		strings.Repeat("x", 61) + "@" + domain + "dd.c":     {"", ""},
		strings.Repeat("x", 60) + "@" + domain + "\u00e9.c": {strings.Repeat("x", 60) + "@" + domain + "\u00e9.c", ""},
		"ann@a\u0338.\u2260.com":                            {"ann@a\u0338.\u2260.com", ""},
		"ann@ex_ample.com":                                  {"ann@ex_ample.com", "ann@ex_ample.com"},
	} {
		kept, err := account.NormalEmail(typed)
		if kept != k.kept || (err == nil) != (k.kept != "") || err != nil && !errors.Is(err, account.ErrEmail) {
			t.Errorf("%q (%d) is kept as %q, %v; want %q", typed, len(typed), kept, err, k.kept)
		}
		name, err := account.LoginName(typed)
		if name != k.login || (err == nil) != (k.login != "") {
			t.Errorf("%q logs in as %q, %v; want %q", typed, name, err, k.login)
		}
	}
	for typed, want := range map[string][]string{
		"Ann@example.com":            {"ann@example.com"},
		"ann@例子.公司":                  {"ann@例子.公司", "ann@xn--fsqu00a.xn--55qx5d"},
		"ann@xn--fsqu00a.xn--55qx5d": {"ann@xn--fsqu00a.xn--55qx5d", "ann@例子.公司"},
		"ann":                        nil,
	} {
		got, err := account.LoginNames(typed)
		if !slices.Equal(got, want) || (err == nil) != (want != nil) {
			t.Errorf("%q may be kept as %q, %v; want %q", typed, got, err, want)
		}
	}
}

func TestANameIsALineOfBoundedLength(t *testing.T) {
	name := func(s string) string {
		got, err := open(func(c *account.Open) { c.Name = s }).Decide(account.State{})
		if err != nil {
			var refusal *account.Refusal
			if !errors.As(err, &refusal) {
				t.Fatal(err)
			}
			return refusal.Code
		}
		return got[0].(account.Opened).Name.Clear()
	}
	bad := account.ErrText.Code
	for given, want := range map[string]string{
		" Ann ": "Ann", "\u202eAnn\u2069": "Ann", "": bad, "\u202e": bad, "A\tB": bad, "A\xff": bad,
		strings.Repeat("长", account.MaxName): strings.Repeat("长", account.MaxName), strings.Repeat("长", account.MaxName+1): bad,
	} {
		if got := name(given); got != want {
			t.Errorf("%q is kept as %q, want %q", given, got, want)
		}
	}
}

func TestWhatIsNoEventIsNotStoredAndWhatIsSealedStaysSo(t *testing.T) {
	if _, _, err := account.Encode(nil, seal); !errors.Is(err, account.ErrUnknownEvent) {
		t.Errorf("written: %v", err)
	}
	if _, _, err := account.EncodeLogin(nil); !errors.Is(err, account.ErrUnknownEvent) {
		t.Errorf("written: %v", err)
	}
	for _, e := range samples() {
		name, data, err := account.Encode(e, seal)
		if err != nil {
			t.Fatal(err)
		}
		still, err := account.Decode(name, data, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, again, err := account.Encode(still, nil); err != nil || !reflect.DeepEqual(again, data) {
			t.Errorf("%s without a key: %s, %v; stored %s", name, again, err, data)
		}
	}
	name, data, err := account.EncodeLogin(account.LoginReserved{Account: ann, At: day})
	if back, e := account.DecodeLogin(name, data); err != nil || e != nil || back != (account.LoginReserved{Account: ann, At: day}) {
		t.Errorf("%s, %v: %v, %v", data, err, back, e)
	}
	empty := account.PasswordChanged{Link: "l", At: day}
	name, data, _ = account.Encode(empty, seal)
	if back, err := account.Decode(name, data, open64); err != nil || back != account.Event(empty) {
		t.Errorf("what was never there is opened as %#v, %v", back, err)
	}
}
