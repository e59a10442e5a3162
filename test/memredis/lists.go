package memredis

import (
	"slices"
	"strings"
)

var listCommands = map[string]command{
	"LPUSH":     {3, -1, push(true, false)},
	"RPUSH":     {3, -1, push(false, false)},
	"LPUSHX":    {3, -1, push(true, true)},
	"RPUSHX":    {3, -1, push(false, true)},
	"LPOP":      {2, 3, pop(true)},
	"RPOP":      {2, 3, pop(false)},
	"LLEN":      {2, 2, lLen},
	"LRANGE":    {4, 4, lRange},
	"LINDEX":    {3, 3, lIndex},
	"LSET":      {4, 4, lSet},
	"LREM":      {4, 4, lRem},
	"LTRIM":     {4, 4, lTrim},
	"RPOPLPUSH": {3, 3, rPopLPush},
	"LMOVE":     {5, 5, lMove},
}

type list struct{ items []string }

func newList() *list { return &list{} }

func (l *list) clone() value { return &list{slices.Clone(l.items)} }
func (l *list) kind() string { return "list" }
func (l *list) empty() bool  { return len(l.items) == 0 }
func (l *list) size() int    { return length(l.items) }

func (l *list) all() []string {
	if l == nil {
		return nil
	}
	return l.items
}

func (l *list) push(left bool, item string) {
	if left {
		l.items = slices.Insert(l.items, 0, item)
	} else {
		l.items = append(l.items, item)
	}
}

func (l *list) pop(left bool) string {
	at := 0
	if !left {
		at = len(l.items) - 1
	}
	item := l.items[at]
	l.items = slices.Delete(l.items, at, at+1)
	return item
}

func push(left, onlyOld bool) func(*Store, []string) (reply, error) {
	return func(s *Store, args []string) (reply, error) {
		if onlyOld && s.find(args[1]) == nil {
			return integer(0), nil
		}
		l, err := create(s, args[1], newList)
		if err != nil {
			return replyNil, err
		}
		for _, item := range args[2:] {
			l.push(left, item)
		}
		s.changed()
		return integer(len(l.items)), nil
	}
}

func pop(left bool) func(*Store, []string) (reply, error) {
	return func(s *Store, args []string) (reply, error) {
		n, err := popCount(args)
		if err != nil {
			return replyNil, err
		}
		l, err := edit[*list](s, args[1])
		if l == nil || err != nil {
			return replyNil, err
		}
		var popped []string
		for range min(n, len(l.items)) {
			popped = append(popped, l.pop(left))
		}
		if len(popped) > 0 {
			s.settle(args[1], l)
		}
		if len(args) == 3 {
			return bulks(popped), nil
		}
		return bulk(popped[0]), nil
	}
}

func lLen(s *Store, args []string) (reply, error) {
	l, err := view[*list](s, args[1])
	return integer(len(l.all())), err
}

func lRange(s *Store, args []string) (reply, error) {
	at, err := parseInts(args[2], args[3])
	if err != nil {
		return replyNil, err
	}
	l, err := view[*list](s, args[1])
	from, to := bounds(at[0], at[1], len(l.all()))
	return bulks(l.all()[from:to]), err
}

// index is where an index, which may count from the end, points to; -1 for nowhere.
func (l *list) index(text string) (int, error) {
	i, err := parseIndex(text)
	if i < 0 {
		i += len(l.all())
	}
	if i < 0 || i >= len(l.all()) {
		i = -1
	}
	return i, err
}

func lIndex(s *Store, args []string) (reply, error) {
	l, err := view[*list](s, args[1])
	if l == nil || err != nil {
		return replyNil, err
	}
	i, err := l.index(args[2])
	if i < 0 || err != nil {
		return replyNil, err
	}
	return bulk(l.items[i]), nil
}

func lSet(s *Store, args []string) (reply, error) {
	l, err := edit[*list](s, args[1])
	if err != nil {
		return replyNil, err
	}
	if l == nil {
		return replyNil, Error("ERR no such key")
	}
	i, err := l.index(args[2])
	if err != nil {
		return replyNil, err
	}
	if i < 0 {
		return replyNil, Error("ERR index out of range")
	}
	l.items[i] = args[3]
	s.changed()
	return replyOK, nil
}

func lRem(s *Store, args []string) (reply, error) {
	n, err := parseIndex(args[2])
	if err != nil {
		return replyNil, err
	}
	l, err := edit[*list](s, args[1])
	if l == nil || err != nil {
		return integer(0), err
	}
	removed := l.remove(n, args[3])
	if removed > 0 {
		s.settle(args[1], l)
	}
	return integer(removed), nil
}

// remove takes n of an item out, from the end if n is negative; all, if it is 0.
func (l *list) remove(n int, item string) int {
	fromEnd, limit := n < 0, n
	if fromEnd {
		limit = -n
		slices.Reverse(l.items)
	}
	removed := 0
	l.items = slices.DeleteFunc(l.items, func(other string) bool {
		if other != item || limit > 0 && removed == limit {
			return false
		}
		removed++
		return true
	})
	if fromEnd {
		slices.Reverse(l.items)
	}
	return removed
}

func lTrim(s *Store, args []string) (reply, error) {
	at, err := parseInts(args[2], args[3])
	if err != nil {
		return replyNil, err
	}
	l, err := view[*list](s, args[1])
	if l == nil || err != nil {
		return replyOK, err
	}
	from, to := bounds(at[0], at[1], len(l.items))
	if to-from == len(l.items) {
		return replyOK, nil
	}
	if l, err = edit[*list](s, args[1]); err != nil {
		return replyNil, err
	}
	l.items = slices.Clone(l.items[from:to])
	s.settle(args[1], l)
	return replyOK, nil
}

func rPopLPush(s *Store, args []string) (reply, error) {
	return s.move(args[1], args[2], false, true)
}

func lMove(s *Store, args []string) (reply, error) {
	var left [2]bool
	for i, side := range args[3:] {
		left[i] = strings.EqualFold(side, "LEFT")
		if !left[i] && !strings.EqualFold(side, "RIGHT") {
			return replyNil, errSyntax
		}
	}
	return s.move(args[1], args[2], left[0], left[1])
}

func (s *Store) move(from, to string, fromLeft, toLeft bool) (reply, error) {
	if source, err := view[*list](s, from); source == nil || err != nil {
		return replyNil, err
	}
	if _, err := view[*list](s, to); err != nil {
		return replyNil, err
	}
	source, err := edit[*list](s, from)
	if err != nil {
		return replyNil, err
	}
	item := source.pop(fromLeft)
	if from != to {
		s.settle(from, source)
	}
	target, err := create(s, to, newList)
	if err != nil {
		return replyNil, err
	}
	target.push(toLeft, item)
	s.changed()
	return bulk(item), nil
}
