package policy

func (p Policy) validate() error { return nil }
