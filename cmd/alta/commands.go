package main

// commands lists every subcommand, in the order in which help shows them.
func commands() []command {
	return []command{
		{"serve", "run Alta: the interface, the pages, the projector and the reactions", runServe},
		{"config", "print the configuration in force", runConfig},
		{"check", "check a number or name: alta check <kind> <value> [other]", runCheck},
		{"calendar", "reckon in business time; show and import the calendar", runCalendar},
		{"account", "invite, disable, list people; reset passwords and one-time codes; also of a running program", runAccount},
		{"keys", "show, rotate and retire the key-encryption key; also of a running program", runKeys},
		{"policy", "show the rules; explain what one merchant needs, and why", runPolicy},
		{"log", "check the event log against its checkpoints, and care for the one on a server: alta log check, accept, grant, unhide", runLog},
		{"backup", "copy log, keys and documents, also of a running program, and verify the copy", runBackup},
		{"restore", "put a verified backup in the place of log, keys and documents", runRestore},
		{"copy", "copy the event log to EventStoreDB or back, and compare the roots", runCopy},
		{"move", "move an installation's log to EventStoreDB or back; keys, documents and Redis stay", runMove},
		{"rebuild", "build what people see anew from the log and switch; --check only compares", runRebuild},
		{"simulate", "make realistic merchants through the public interface, at any stage, with any fault", runSimulate},
		{"tour", "take two merchants through the whole life on a running server, and check every step", runTour},
		{"document-worker", "(started by serve) decode uploaded files, confined", runDocumentWorker},
	}
}
