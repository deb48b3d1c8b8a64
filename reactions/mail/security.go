package mail

import (
	"context"
	"strconv"
	"strings"
	"time"

	"alta/decider"
	"alta/domain/account"
	"alta/domain/lang"
	"alta/eventstore"
)

// securityOf is what the owner of an account is told of an event that changes how
// one gets into it: with which template, about which key or device, and when it
// happened. Whoever did it may be somebody else.
func securityOf(r *eventstore.Record, e account.Event) (t Template, subject string, at time.Time) {
	switch e := e.(type) {
	case account.PasswordChanged:
		return PasswordChanged, "", e.At
	case account.APIKeyIssued:
		return KeyIssued, e.Key, e.At
	case account.TOTPEnrolled:
		return CodesChanged, "", e.At
	case account.TOTPDisabled:
		return CodesRemoved, "", e.At
	case account.RecoveryCodeUsed:
		return RecoveryCodeUsed, "", e.At
	case account.RecoveryCodesIssued:
		if !follows(r) { // else the mail about the one-time codes says so
			return RecoveryCodesNew, "", e.At
		}
	case account.DeviceTrusted:
		if e.Kind == account.TrustNew {
			return NewDevice, e.Device, e.At
		}
	default: // the others are not told by mail
	}
	return "", "", time.Time{}
}

// follows reports whether an event came along with another one of its command.
func follows(r *eventstore.Record) bool {
	c, err := decider.ReadMeta(r.Meta)
	return err == nil && c.ID != (eventstore.ID{}) && r.ID != decider.EventID(c.ID, r.Stream, 0)
}

// composeSecurity writes what happened to a log-in. The demo people, whose
// password everybody knows, are not told of each other's browsers.
func (m *Mailer) composeSecurity(ctx context.Context, j *job) (*Message, Failure, error) {
	who, err := m.cfg.Account(ctx, j.account)
	if err != nil {
		return nil, "", err
	}
	switch {
	case who.Email.Clear() == "" || who.Status == account.StatusClosed:
		return nil, FailedNoAddress, nil
	case j.template == NewDevice && who.Demo:
		return nil, "", nil
	}
	l := lang.Match(string(who.Language))
	p := params{"when": moment(j.at, l), "left": strconv.Itoa(len(who.Recovery))}
	if k, ok := who.Key(j.subject); ok {
		p["key"], p["expires"] = k.Label+" ("+k.Prefix+"…)", moment(k.Expires, l)
	}
	if d, ok := who.Device(j.subject, j.at); ok {
		p["device"] = agentName(d.Agent.Clear())
	}
	letter := write(j.template, l, p)
	letter.Button = &button{Label: letter.action, URL: m.cfg.Origin + "/account"}
	letter.greet(who)
	msg := letter.message()
	msg.Notice, msg.At, msg.Owner, msg.To = noticeID(j.cause, j.template), j.at, j.account, who.Email.Clear()
	msg.Kind = j.template
	return &msg, "", nil
}

// agentName is what people call a browser that introduces itself so; else the
// beginning of that.
func agentName(agent string) string {
	first := func(pairs ...[2]string) string {
		for _, p := range pairs {
			if strings.Contains(agent, p[0]) {
				return p[1]
			}
		}
		return ""
	}
	browser := first([2]string{"MicroMessenger", "WeChat"}, [2]string{"Edg", "Edge"}, [2]string{"OPR/", "Opera"}, [2]string{"Firefox/", "Firefox"},
		[2]string{"FxiOS", "Firefox"}, [2]string{"CriOS", "Chrome"}, [2]string{"Chrome/", "Chrome"}, [2]string{"Safari/", "Safari"})
	system := first([2]string{"iPhone", "iPhone"}, [2]string{"iPad", "iPad"}, [2]string{"HarmonyOS", "HarmonyOS"}, [2]string{"Android", "Android"},
		[2]string{"Windows", "Windows"}, [2]string{"Mac OS X", "macOS"}, [2]string{"Linux", "Linux"})
	switch {
	case browser != "" && system != "":
		return browser + ", " + system
	case browser != "":
		return browser
	}
	r := []rune(agent)
	return string(r[:min(len(r), 60)])
}
