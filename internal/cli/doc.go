// Package cli has what the command lines of all programs share: exit codes, flags that are also environment
// variables, credentials, Redis, logs and signals.
package cli
