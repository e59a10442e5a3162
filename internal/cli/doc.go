// Package cli is what this project's programs have in common as command lines: exit codes,
// flags that are also environment variables, credentials, Redis, logs and signals.
//
// It is used by the programs under cmd alone.
package cli
