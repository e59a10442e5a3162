package memredis

import (
	"cmp"
	"slices"
	"strings"
)

// zset is a sorted set, twice: by member, and by score and member.
type zset struct{ byName, byScore []scored }

type scored struct {
	name  string
	score float64
}

func newZset() *zset { return &zset{} }

func (z *zset) clone() value { return &zset{slices.Clone(z.byName), slices.Clone(z.byScore)} }
func (z *zset) kind() string { return "zset" }
func (z *zset) empty() bool  { return len(z.byName) == 0 }

func (z *zset) size() int {
	n := 0
	for _, m := range z.byName {
		n += len(m.name) + 8
	}
	return n
}

func (z *zset) all() []scored {
	if z == nil {
		return nil
	}
	return z.byScore
}

func compareNames(m scored, name string) int { return strings.Compare(m.name, name) }

func compareScores(a, b scored) int {
	return cmp.Or(cmp.Compare(a.score, b.score), strings.Compare(a.name, b.name))
}

func (z *zset) score(name string) (float64, bool) {
	if z == nil {
		return 0, false
	}
	i, found := slices.BinarySearchFunc(z.byName, name, compareNames)
	if !found {
		return 0, false
	}
	return z.byName[i].score, true
}

// rank is where a member stands by score.
func (z *zset) rank(name string) (int, bool) {
	score, found := z.score(name)
	if !found {
		return 0, false
	}
	return slices.BinarySearchFunc(z.byScore, scored{name, score}, compareScores)
}

func (z *zset) set(name string, score float64) {
	i, found := slices.BinarySearchFunc(z.byName, name, compareNames)
	if found {
		if z.byName[i].score == score {
			return
		}
		at, _ := slices.BinarySearchFunc(z.byScore, z.byName[i], compareScores)
		z.byScore = slices.Delete(z.byScore, at, at+1)
		z.byName[i].score = score
	} else {
		z.byName = slices.Insert(z.byName, i, scored{name, score})
	}
	at, _ := slices.BinarySearchFunc(z.byScore, scored{name, score}, compareScores)
	z.byScore = slices.Insert(z.byScore, at, scored{name, score})
}

func (z *zset) remove(name string) bool {
	at, found := z.rank(name)
	if !found {
		return false
	}
	z.byScore = slices.Delete(z.byScore, at, at+1)
	i, _ := slices.BinarySearchFunc(z.byName, name, compareNames)
	z.byName = slices.Delete(z.byName, i, i+1)
	return true
}
