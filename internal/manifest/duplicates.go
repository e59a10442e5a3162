package manifest

import (
	"hash/maphash"
	"math"
	"math/bits"
)

// duplicates finds duplicates of values that must be unique.
type duplicates struct {
	keys, addresses, tokens *firsts
}

func newDuplicates() *duplicates {
	return &duplicates{keys: newFirsts(), addresses: newFirsts(), tokens: newFirsts()}
}

// shardBits is how many bits of a value's hash choose its shard.
const shardBits = 10

// firsts stores the line of each value's first occurrence. It stores hashes, 15 bytes per value: a million keys,
// addresses and tokens take some 45 MB. A Go map of 128-bit hashes takes 100 MB, and twice that while it grows.
//
// A hash has 74 bits, the shard's and the sum's, with a new seed in each pass. So duplicates are always found. The
// probability that two of a million distinct values collide is 10⁻¹⁰; it cannot be raised by choosing values, and the
// next run has other hashes.
type firsts struct {
	shardSeed, sumSeed maphash.Seed
	shards             [1 << shardBits]shard
}

func newFirsts() *firsts {
	return &firsts{shardSeed: maphash.MakeSeed(), sumSeed: maphash.MakeSeed()}
}

// see returns the line of the value's first occurrence, or 0 if this is the first.
func (f *firsts) see(value string, line int) int {
	s := &f.shards[maphash.String(f.shardSeed, value)>>(64-shardBits)]
	return int(s.see(maphash.String(f.sumSeed, value), uint32(min(line, math.MaxUint32)))) //nolint:gosec // bounded by min
}

// shard is an open-addressed table of sums and their lines. Many small tables that grow by a quarter waste less memory
// than a large one that doubles.
type shard struct {
	sums []uint64
	// lines are 0 for free slots.
	lines []uint32
	used  int
}

func (s *shard) see(sum uint64, line uint32) uint32 {
	if s.used*10 >= len(s.sums)*9 {
		s.grow()
	}
	i := s.find(sum)
	if s.lines[i] != 0 {
		return s.lines[i]
	}
	s.sums[i], s.lines[i] = sum, line
	s.used++
	return 0
}

// find returns the index of the sum, or of a free slot for it; a tenth is always free.
func (s *shard) find(sum uint64) int {
	home, _ := bits.Mul64(sum, uint64(len(s.sums)))
	i := int(home) //nolint:gosec // below len
	for s.lines[i] != 0 && s.sums[i] != sum {
		if i++; i == len(s.sums) {
			i = 0
		}
	}
	return i
}

func (s *shard) grow() {
	old := *s
	size := len(old.sums) + len(old.sums)/4 + 8
	s.sums, s.lines = make([]uint64, size), make([]uint32, size)
	for i, line := range old.lines {
		if line != 0 {
			j := s.find(old.sums[i])
			s.sums[j], s.lines[j] = old.sums[i], line
		}
	}
}
