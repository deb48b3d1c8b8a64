package account

import (
	"time"

	"alta/domain/personal"
)

// TrustDevice is a browser that somebody has just logged in with. Attempts from
// it are counted by themselves, so that nobody elsewhere can lock the person out.
type TrustDevice struct {
	Device  string
	Session string
	Agent   string // what the browser calls itself
	At      time.Time
}

// Decide trusts the device. Beyond MaxDevices the one that would expire first is
// forgotten.
func (c TrustDevice) Decide(s State) ([]Event, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	if c.Device == "" || c.Session == "" || c.At.IsZero() {
		return nil, ErrMalformed.in("device")
	}
	kind := TrustNew
	known, ok := s.Device(c.Device, c.At)
	switch {
	case ok && known.Expires.Sub(c.At) > DeviceLifetime/2:
		return nil, nil // trusted for long enough
	case ok:
		kind = TrustRenewed
	case !s.Entered:
		kind = TrustFirst
	}
	var events []Event
	var live []Device
	for _, d := range s.Devices {
		if c.At.Before(d.Expires) && d.ID != c.Device {
			live = append(live, d)
		}
	}
	for len(live) >= MaxDevices {
		first := 0
		for i, d := range live {
			if d.Expires.Before(live[first].Expires) {
				first = i
			}
		}
		events = append(events, DeviceForgotten{Device: live[first].ID, By: s.ID, At: c.At})
		live = append(live[:first], live[first+1:]...)
	}
	return append(events, DeviceTrusted{
		Device: c.Device, Session: c.Session, Kind: kind, Agent: personal.New(c.Agent), Expires: c.At.Add(DeviceLifetime), At: c.At,
	}), nil
}

// ForgetDevice ends the trust in a device.
type ForgetDevice struct {
	Device string
	By     string
	At     time.Time
}

// Decide forgets the device; one that is not trusted stays so.
func (c ForgetDevice) Decide(s State) ([]Event, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	if _, ok := s.Device(c.Device, c.At); !ok {
		return nil, nil
	}
	return []Event{DeviceForgotten(c)}, nil
}
