//go:build !race

package manifest

// slowdown is that of the race detector's; see race_test.go.
const slowdown = 1
