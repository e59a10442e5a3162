package memredis

import (
	"slices"
	"sort"
	"strings"
)

// ranging is what was asked for of a range of a sorted set.
type ranging struct {
	byScore, reverse, scores bool
	limited                  bool
	offset, limit            int
}

// parse reads the options behind the range; allowed are those of the command.
func (o *ranging) parse(args []string, allowed ...string) error {
	for i := 0; i < len(args); i++ {
		option := strings.ToUpper(args[i])
		if !slices.Contains(allowed, option) {
			return errSyntax
		}
		switch option {
		case "BYSCORE":
			o.byScore = true
		case "REV":
			o.reverse = true
		case "WITHSCORES":
			o.scores = true
		case "LIMIT":
			if i+2 >= len(args) {
				return errSyntax
			}
			at, err := parseInts(args[i+1], args[i+2])
			if err != nil {
				return err
			}
			o.limited, o.offset, o.limit = true, at[0], at[1]
			i += 2
		}
	}
	if o.limited && !o.byScore {
		return Error("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX")
	}
	return nil
}

func zRange(s *Store, args []string) (reply, error) {
	var o ranging
	if err := o.parse(args[4:], "BYSCORE", "REV", "WITHSCORES", "LIMIT"); err != nil {
		return replyNil, err
	}
	return s.zRange(args[1], args[2], args[3], o)
}

func zRevRange(s *Store, args []string) (reply, error) {
	o := ranging{reverse: true}
	if err := o.parse(args[4:], "WITHSCORES"); err != nil {
		return replyNil, err
	}
	return s.zRange(args[1], args[2], args[3], o)
}

func zRangeByScore(reverse bool) func(*Store, []string) (reply, error) {
	return func(s *Store, args []string) (reply, error) {
		o := ranging{byScore: true, reverse: reverse}
		if err := o.parse(args[4:], "WITHSCORES", "LIMIT"); err != nil {
			return replyNil, err
		}
		return s.zRange(args[1], args[2], args[3], o)
	}
}

func (s *Store) zRange(key, first, last string, o ranging) (reply, error) {
	var found []scored
	z, wrong := view[*zset](s, key)
	if o.byScore {
		if o.reverse {
			first, last = last, first
		}
		from, to, err := z.between(first, last)
		if err != nil {
			return replyNil, err
		}
		found = ordered(z.all()[from:to], o.reverse)
	} else {
		at, err := parseInts(first, last)
		if err != nil {
			return replyNil, err
		}
		found = ordered(z.all(), o.reverse)
		from, to := bounds(at[0], at[1], len(found))
		found = found[from:to]
	}
	if wrong != nil {
		return replyNil, wrong
	}
	return o.answer(found), nil
}

// ordered are the members in the order asked for; a slice of the set's is never changed.
func ordered(found []scored, reverse bool) []scored {
	if reverse {
		found = slices.Clone(found)
		slices.Reverse(found)
	}
	return found
}

func (o ranging) answer(found []scored) reply {
	if o.limited {
		if o.offset < 0 {
			found = nil
		}
		found = found[min(o.offset, len(found)):]
		if o.limit >= 0 {
			found = found[:min(o.limit, len(found))]
		}
	}
	answer := reply{shape: shapeArray, list: make([]reply, 0, 2*len(found))}
	if o.scores {
		answer.shape = shapePairs
	}
	for _, m := range found {
		answer.list = append(answer.list, bulk(m.name))
		if o.scores {
			answer.list = append(answer.list, double(m.score))
		}
	}
	return answer
}

// between is the half-open range by score of those from min to max, each of which may exclude itself by "(".
func (z *zset) between(least, most string) (from, to int, err error) {
	low, lowOut, err := parseLimit(least)
	if err != nil {
		return 0, 0, err
	}
	high, highOut, err := parseLimit(most)
	if err != nil {
		return 0, 0, err
	}
	all := z.all()
	from = sort.Search(len(all), func(i int) bool {
		return all[i].score > low || !lowOut && all[i].score == low
	})
	to = sort.Search(len(all), func(i int) bool {
		return all[i].score > high || highOut && all[i].score == high
	})
	return from, max(from, to), nil
}

func parseLimit(text string) (score float64, out bool, err error) {
	text, out = strings.CutPrefix(text, "(")
	if score, err = parseFloat(text); err != nil {
		err = Error("ERR min or max is not a float")
	}
	return score, out, err
}

func zCount(s *Store, args []string) (reply, error) {
	z, err := view[*zset](s, args[1])
	from, to, wrong := z.between(args[2], args[3])
	return integer(to - from), firstError(wrong, err)
}

func zRemRangeByScore(s *Store, args []string) (reply, error) {
	z, err := view[*zset](s, args[1])
	from, to, wrong := z.between(args[2], args[3])
	if wrong != nil || err != nil {
		return replyNil, firstError(wrong, err)
	}
	return s.zRemRange(args[1], from, to)
}

func zRemRangeByRank(s *Store, args []string) (reply, error) {
	at, err := parseInts(args[2], args[3])
	if err != nil {
		return replyNil, err
	}
	z, err := view[*zset](s, args[1])
	if err != nil {
		return replyNil, err
	}
	from, to := bounds(at[0], at[1], len(z.all()))
	return s.zRemRange(args[1], from, to)
}

func (s *Store) zRemRange(key string, from, to int) (reply, error) {
	if from == to {
		return integer(0), nil
	}
	z, err := edit[*zset](s, key)
	if err != nil {
		return replyNil, err
	}
	for _, m := range slices.Clone(z.byScore[from:to]) {
		z.remove(m.name)
	}
	s.settle(key, z)
	return integer(to - from), nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
