package memredis

import (
	"math"
	"slices"
	"strings"
)

func xRange(s *Store, args []string) (reply, error) {
	return s.xRange(args[1], args[2], args[3], false, args[4:])
}

func xRevRange(s *Store, args []string) (reply, error) {
	return s.xRange(args[1], args[3], args[2], true, args[4:])
}

func (s *Store) xRange(key, first, last string, reverse bool, options []string) (reply, error) {
	from, err := parseEnd(first, 0)
	if err != nil {
		return replyNil, err
	}
	to, err := parseEnd(last, math.MaxUint64)
	if err != nil {
		return replyNil, err
	}
	n := -1
	if len(options) > 0 {
		if len(options) != 2 || !strings.EqualFold(options[0], "COUNT") {
			return replyNil, errSyntax
		}
		if n, err = parseIndex(options[1]); err != nil {
			return replyNil, err
		}
		n = max(n, 0)
	}
	x, err := view[*stream](s, key)
	if err != nil || x != nil && n == 0 {
		return replyNil, err
	}
	return messages(x.between(from, to, reverse, n)), nil
}

// between are the entries from an ID to another, at most n unless n is negative.
func (x *stream) between(from, to streamID, reverse bool, n int) []message {
	some := x.all()[x.from(from):]
	if after, ok := to.next(); ok {
		some = some[:max(x.from(after)-x.from(from), 0)]
	}
	if n < 0 || n > len(some) {
		n = len(some)
	}
	if !reverse {
		return some[:n]
	}
	some = slices.Clone(some[len(some)-n:])
	slices.Reverse(some)
	return some
}

// parseEnd reads an end of a range: "-", "+", an ID that may lack its sequence number, or one behind "(".
func parseEnd(text string, seq uint64) (streamID, error) {
	switch text {
	case "-":
		return firstID, nil
	case "+":
		return lastID, nil
	}
	text, out := strings.CutPrefix(text, "(")
	id, err := parseID(text, seq)
	if err != nil || !out {
		return id, err
	}
	step := id.next
	if seq != 0 {
		step = id.previous
	}
	id, ok := step()
	if !ok {
		return id, errStreamID
	}
	return id, nil
}

// xRead answers what is there; what BLOCK would wait for never comes.
func xRead(s *Store, args []string) (reply, error) {
	n, rest, err := parseReading(args[1:])
	if err != nil {
		return replyNil, err
	}
	answer := reply{shape: shapeStreams}
	half := len(rest) / 2
	for i, key := range rest[:half] {
		x, err := view[*stream](s, key)
		if err != nil {
			return replyNil, err
		}
		found, err := x.after(rest[half+i], n)
		if err != nil {
			return replyNil, err
		}
		if len(found) > 0 {
			answer.list = append(answer.list, bulk(key), messages(found))
		}
	}
	if len(answer.list) == 0 {
		return replyNil, nil
	}
	return answer, nil
}

// parseReading returns how many entries are wanted, -1 for all, and keys and IDs.
func parseReading(args []string) (n int, rest []string, err error) {
	n = -1
	for i := 0; i < len(args); i += 2 {
		option := strings.ToUpper(args[i])
		if option == "STREAMS" {
			rest = args[i+1:]
			break
		}
		if i+1 == len(args) || option != "COUNT" && option != "BLOCK" {
			return 0, nil, errSyntax
		}
		value, err := parseIndex(args[i+1])
		if err != nil {
			return 0, nil, err
		}
		if option == "COUNT" && value > 0 {
			n = value
		}
	}
	if len(rest) == 0 {
		return 0, nil, errSyntax
	}
	if len(rest)%2 != 0 {
		return 0, nil, Error("ERR Unbalanced 'xread' list of streams: for each stream key an ID or '$' must be specified.")
	}
	return n, rest, nil
}

func (x *stream) after(text string, n int) ([]message, error) {
	if text == "$" {
		return nil, nil
	}
	id, err := parseID(text, 0)
	if err != nil {
		return nil, err
	}
	next, ok := id.next()
	if !ok {
		return nil, nil
	}
	return x.between(next, lastID, false, n), nil
}
