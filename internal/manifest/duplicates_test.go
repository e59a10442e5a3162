package manifest

import (
	"strconv"
	"testing"
)

// firsts must agree with a map, and stay small: 18 bytes a value at most, with a million of them.
func TestFirsts(t *testing.T) {
	t.Parallel()
	const n = 1_000_000 / slowdown
	f := newFirsts()
	for i := 1; i <= n; i++ {
		if line := f.see(strconv.Itoa(i), i); line != 0 {
			t.Fatalf("value %d, seen for the first time, is said to be on line %d", i, line)
		}
	}
	for i := 1; i <= n; i += 7 {
		if line := f.see(strconv.Itoa(i), n+i); line != i {
			t.Fatalf("value %d is said to be on line %d", i, line)
		}
	}
	size := 0
	for _, s := range f.shards {
		size += 8*cap(s.sums) + 4*cap(s.lines)
	}
	if size > 18*n {
		t.Errorf("%d values take %d bytes", n, size)
	}
}

func TestShardKeepsTheFirstLine(t *testing.T) {
	t.Parallel()
	var s shard
	seen := map[uint64]uint32{}
	for line := uint32(1); line < 5000; line++ {
		sum := uint64(line%1700) << 61 // few homes, many collisions, and a sum of 0
		if line%2 == 0 {
			sum = uint64(line % 170)
		}
		if got := s.see(sum, line); got != seen[sum] {
			t.Fatalf("line %d: sum %d is said to be on line %d, want %d", line, sum, got, seen[sum])
		}
		if seen[sum] == 0 {
			seen[sum] = line
		}
	}
}
