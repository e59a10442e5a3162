package main

import "github.com/spf13/cobra"

// group is a heading in the program's help, with the commands under it in the order of their use.
type group struct {
	id, title string
	commands  []*cobra.Command
}

// groups are the commands, by what somebody has in mind.
func (a *app) groups() []group {
	return []group{
		{"ask", "Ask for HaVIPs:", []*cobra.Command{
			a.planCommand(), a.applyCommand(), a.createCommand(), a.runCommand(),
		}},
		{"see", "See what becomes of them:", []*cobra.Command{
			a.statusCommand(), a.watchCommand(), a.listCommand(), a.resultsCommand(), a.eventsCommand(), a.verifyCommand(),
		}},
		{"act", "Act on what was asked for:", []*cobra.Command{
			a.retryCommand(), a.cancelCommand(), a.rollbackCommand(), a.deleteCommand(),
		}},
		{"operate", "Operate the fleet:", []*cobra.Command{
			a.pauseCommand(), a.resumeCommand(), a.limitCommand(), a.doctorCommand(),
		}},
	}
}

// addGroups adds the commands under their headings, which the help shows in this order.
func addGroups(root *cobra.Command, groups []group) {
	for _, g := range groups {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		for _, command := range g.commands {
			command.GroupID = g.id
		}
		root.AddCommand(g.commands...)
	}
}
