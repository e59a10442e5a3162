//go:build race

package simulation

// raced says that the race detector is on, which lets goroutines go on in any order.
const raced = true
