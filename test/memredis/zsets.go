package memredis

import (
	"math"
	"strings"
)

var zsetCommands = map[string]command{
	"ZADD":             {4, -1, zAdd},
	"ZINCRBY":          {4, 4, zIncrBy},
	"ZREM":             {3, -1, zRem},
	"ZCARD":            {2, 2, zCard},
	"ZSCORE":           {3, 3, zScore},
	"ZMSCORE":          {3, -1, zMScore},
	"ZRANK":            {3, 3, zRank(false)},
	"ZREVRANK":         {3, 3, zRank(true)},
	"ZCOUNT":           {4, 4, zCount},
	"ZRANGE":           {4, -1, zRange},
	"ZREVRANGE":        {4, 5, zRevRange},
	"ZRANGEBYSCORE":    {4, -1, zRangeByScore(false)},
	"ZREVRANGEBYSCORE": {4, -1, zRangeByScore(true)},
	"ZREMRANGEBYSCORE": {4, 4, zRemRangeByScore},
	"ZREMRANGEBYRANK":  {4, 4, zRemRangeByRank},
	"ZPOPMIN":          {2, 3, zPop(false)},
	"ZPOPMAX":          {2, 3, zPop(true)},
}

// adding is what ZADD was asked for.
type adding struct {
	onlyNew, onlyOld, greater, less, changed, increment bool
}

func parseAdding(args []string) (adding, []string, error) {
	var o adding
	for len(args) > 0 {
		switch strings.ToUpper(args[0]) {
		case "NX":
			o.onlyNew = true
		case "XX":
			o.onlyOld = true
		case "GT":
			o.greater = true
		case "LT":
			o.less = true
		case "CH":
			o.changed = true
		case "INCR":
			o.increment = true
		default:
			return o, args, o.check(args)
		}
		args = args[1:]
	}
	return o, nil, errSyntax
}

func (o adding) check(args []string) error {
	switch {
	case len(args)%2 != 0:
		return errSyntax
	case o.onlyNew && o.onlyOld:
		return Error("ERR XX and NX options at the same time are not compatible")
	case o.greater && o.less || o.onlyNew && (o.greater || o.less):
		return Error("ERR GT, LT, and/or NX options at the same time are not compatible")
	case o.increment && len(args) > 2:
		return Error("ERR INCR option supports a single increment-element pair")
	}
	return nil
}

// next is the score that a member gets, and whether it may get it.
func (o adding) next(old float64, found bool, score float64) (float64, bool) {
	if o.increment && found {
		score += old
	}
	switch {
	case found && o.onlyNew, !found && o.onlyOld:
		return score, false
	case found && (o.greater && score <= old || o.less && score >= old):
		return score, false
	}
	return score, true
}

func zAdd(s *Store, args []string) (reply, error) {
	o, pairs, err := parseAdding(args[2:])
	if err != nil {
		return replyNil, err
	}
	scores := make([]float64, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		score, err := parseFloat(pairs[i])
		if err != nil {
			return replyNil, err
		}
		scores = append(scores, score)
	}
	if o.onlyOld && s.find(args[1]) == nil {
		if o.increment {
			return replyNil, nil
		}
		return integer(0), nil
	}
	z, err := create(s, args[1], newZset)
	if err != nil {
		return replyNil, err
	}
	added, changed, last := 0, 0, replyNil
	for i, score := range scores {
		name := pairs[2*i+1]
		old, found := z.score(name)
		score, allowed := o.next(old, found, score)
		if !allowed {
			continue
		}
		if math.IsNaN(score) {
			return replyNil, Error("ERR resulting score is not a number (NaN)")
		}
		last = double(score)
		switch {
		case !found:
			added++
		case score != old:
			changed++
		}
		z.set(name, score)
	}
	if added+changed > 0 {
		s.changed()
	}
	switch {
	case o.increment:
		return last, nil
	case o.changed:
		return integer(added + changed), nil
	}
	return integer(added), nil
}

func zIncrBy(s *Store, args []string) (reply, error) {
	return zAdd(s, []string{"ZADD", args[1], "INCR", args[2], args[3]})
}

func zRem(s *Store, args []string) (reply, error) {
	z, err := edit[*zset](s, args[1])
	if z == nil || err != nil {
		return integer(0), err
	}
	removed := 0
	for _, name := range args[2:] {
		if z.remove(name) {
			removed++
		}
	}
	if removed > 0 {
		s.settle(args[1], z)
	}
	return integer(removed), nil
}

func zCard(s *Store, args []string) (reply, error) {
	z, err := view[*zset](s, args[1])
	return integer(len(z.all())), err
}

func zScore(s *Store, args []string) (reply, error) {
	z, err := view[*zset](s, args[1])
	if score, found := z.score(args[2]); found {
		return double(score), nil
	}
	return replyNil, err
}

func zMScore(s *Store, args []string) (reply, error) {
	z, err := view[*zset](s, args[1])
	list := make([]reply, len(args)-2)
	for i, name := range args[2:] {
		if score, found := z.score(name); found {
			list[i] = double(score)
		}
	}
	return array(list...), err
}

func zRank(reverse bool) func(*Store, []string) (reply, error) {
	return func(s *Store, args []string) (reply, error) {
		z, err := view[*zset](s, args[1])
		if z == nil || err != nil {
			return replyNil, err
		}
		at, found := z.rank(args[2])
		if !found {
			return replyNil, nil
		}
		if reverse {
			at = len(z.byScore) - 1 - at
		}
		return integer(at), nil
	}
}

func zPop(highest bool) func(*Store, []string) (reply, error) {
	return func(s *Store, args []string) (reply, error) {
		n, err := popCount(args)
		if err != nil {
			return replyNil, err
		}
		z, err := edit[*zset](s, args[1])
		answer := reply{shape: shapePairs, list: []reply{}}
		if len(args) == 2 {
			answer.shape = shapeArray
		}
		if z == nil || err != nil {
			return answer, err
		}
		for range min(n, len(z.byScore)) {
			m := z.byScore[0]
			if highest {
				m = z.byScore[len(z.byScore)-1]
			}
			z.remove(m.name)
			answer.list = append(answer.list, bulk(m.name), double(m.score))
		}
		if len(answer.list) > 0 {
			s.settle(args[1], z)
		}
		return answer, nil
	}
}
