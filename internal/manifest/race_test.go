//go:build race

package manifest

// slowdown divides the rows of tests about memory, which race detection makes slow and
// which have no race to detect.
const slowdown = 10
