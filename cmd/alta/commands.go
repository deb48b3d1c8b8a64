package main

// commands lists every subcommand, in the order in which help shows them.
func commands() []command {
	return []command{}
}
