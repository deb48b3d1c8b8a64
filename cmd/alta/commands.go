package main

// commands lists every subcommand, in the order in which help shows them.
func commands() []command {
	return []command{
		{"check", "check a number or name: alta check <kind> <value> [other]", runCheck},
		{"calendar", "reckon in business time; show and import the calendar", runCalendar},
		{"policy", "show the rules; explain what one merchant needs, and why", runPolicy},
	}
}
