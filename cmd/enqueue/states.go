package main

import (
	"slices"

	"havip/internal/cli"
	"havip/internal/spelling"
	"havip/ledger"
)

// stateNames are the states that an item can be in, as flags take them.
func stateNames() []string {
	var names []string
	for _, state := range ledger.States() {
		names = append(names, string(state))
	}
	return names
}

// checkStates refuses a value of --state that is no state.
func checkStates(states []string) error {
	for _, state := range states {
		if !slices.Contains(ledger.States(), ledger.State(state)) {
			return cli.Failf(cli.ExitUsage, "--state %q: %s", state, spelling.OneOf(state, ledger.States()))
		}
	}
	return nil
}
