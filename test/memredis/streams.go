package memredis

import (
	"slices"
	"strings"
)

var streamCommands = map[string]command{
	"XADD":      {5, -1, xAdd},
	"XLEN":      {2, 2, xLen},
	"XRANGE":    {4, 6, xRange},
	"XREVRANGE": {4, 6, xRevRange},
	"XREAD":     {4, -1, xRead},
	"XDEL":      {3, -1, xDel},
	"XTRIM":     {4, -1, xTrim},
}

// trimming is how a stream is kept short.
type trimming struct {
	by     string // MAXLEN, MINID, or nothing
	approx bool
	length int
	least  streamID
}

// parseTrimming reads a trimming at the beginning of the arguments and returns those behind it.
func parseTrimming(args []string) (trimming, []string, error) {
	o := trimming{by: strings.ToUpper(args[0])}
	args = args[1:]
	if len(args) > 1 && (args[0] == "~" || args[0] == "=") {
		o.approx, args = args[0] == "~", args[1:]
	}
	if len(args) == 0 {
		return o, nil, errSyntax
	}
	var err error
	if o.by == "MINID" {
		o.least, err = parseID(args[0], 0)
	} else if o.length, err = parseIndex(args[0]); err == nil && o.length < 0 {
		err = Error("ERR The MAXLEN argument must be >= 0.")
	}
	args = args[1:]
	if err == nil && len(args) > 1 && strings.EqualFold(args[0], "LIMIT") {
		if !o.approx {
			return o, nil, Error("ERR syntax error, LIMIT cannot be used without the special ~ option")
		}
		_, err = count(args[1])
		args = args[2:]
	}
	return o, args, err
}

// node is how many small entries Redis keeps together, and removes together.
const node = 100

// trim removes the oldest entries and returns how many.
func (x *stream) trim(o trimming) int {
	n := 0
	switch o.by {
	case "MAXLEN":
		n = max(len(x.entries)-o.length, 0)
	case "MINID":
		n = x.from(o.least)
	}
	if o.approx {
		n -= n % node
	}
	if n > 0 {
		x.entries = x.entries[n:]
	}
	return n
}

func xAdd(s *Store, args []string) (reply, error) {
	var o trimming
	rest, creates := args[2:], true
	for len(rest) > 0 {
		var err error
		switch strings.ToUpper(rest[0]) {
		case "NOMKSTREAM":
			creates, rest = false, rest[1:]
			continue
		case "MAXLEN", "MINID":
			if o, rest, err = parseTrimming(rest); err != nil {
				return replyNil, err
			}
			continue
		}
		break
	}
	if len(rest) < 3 || len(rest)%2 == 0 {
		return replyNil, Error("ERR wrong number of arguments for 'xadd' command")
	}
	if !creates && s.find(args[1]) == nil {
		return replyNil, nil
	}
	return s.addMessage(args[1], rest[0], rest[1:], o)
}

func (s *Store) addMessage(key, wanted string, fields []string, o trimming) (reply, error) {
	asked, err := parseAsked(wanted)
	if err != nil {
		return replyNil, err
	}
	x, err := view[*stream](s, key)
	if err != nil {
		return replyNil, err
	}
	id, err := s.newID(x, asked)
	if err != nil {
		return replyNil, err
	}
	if x, err = create(s, key, newStream); err != nil {
		return replyNil, err
	}
	x.entries, x.last = append(x.entries, message{id, slices.Clone(fields)}), id
	x.trim(o)
	s.changed()
	return bulk(id.String()), nil
}

// asked is the ID that XADD was asked for.
type asked struct {
	id             streamID
	anyID, anyStep bool
}

// parseAsked reads "*", "millis-*" or a whole ID.
func parseAsked(text string) (asked, error) {
	if text == "*" {
		return asked{anyID: true}, nil
	}
	text, anyStep := strings.CutSuffix(text, "-*")
	id, err := parseID(text, 0)
	if err == nil && id == firstID && !anyStep {
		err = Error("ERR The ID specified in XADD must be greater than 0-0")
	}
	return asked{id: id, anyStep: anyStep}, err
}

// newID is the ID of the stream's next entry.
func (s *Store) newID(x *stream, a asked) (streamID, error) {
	var last streamID
	if x != nil {
		last = x.last
	}
	after, ok := last.next()
	switch {
	case !ok:
		return after, Error("ERR The stream has exhausted the last possible ID, unable to add more items")
	case a.anyID:
		if now := (streamID{uint64(max(s.millis(), 0)), 0}); now.compare(after) > 0 {
			return now, nil
		}
		return after, nil
	case a.anyStep && a.id.millis == after.millis:
		return after, nil
	case a.id.compare(after) < 0:
		return a.id, Error("ERR The ID specified in XADD is equal or smaller than the target stream top item")
	}
	return a.id, nil
}

func xLen(s *Store, args []string) (reply, error) {
	x, err := view[*stream](s, args[1])
	return integer(len(x.all())), err
}

func xDel(s *Store, args []string) (reply, error) {
	var ids []streamID
	for _, text := range args[2:] {
		id, err := parseID(text, 0)
		if err != nil {
			return replyNil, err
		}
		ids = append(ids, id)
	}
	x, err := edit[*stream](s, args[1])
	if x == nil || err != nil {
		return integer(0), err
	}
	before := len(x.entries)
	x.entries = slices.DeleteFunc(slices.Clone(x.entries), func(m message) bool { return slices.Contains(ids, m.id) })
	if removed := before - len(x.entries); removed > 0 {
		s.changed()
		return integer(removed), nil
	}
	return integer(0), nil
}

func xTrim(s *Store, args []string) (reply, error) {
	if by := strings.ToUpper(args[2]); by != "MAXLEN" && by != "MINID" {
		return replyNil, errSyntax
	}
	o, rest, err := parseTrimming(args[2:])
	if err != nil {
		return replyNil, err
	}
	if len(rest) > 0 {
		return replyNil, errSyntax
	}
	x, err := edit[*stream](s, args[1])
	if x == nil || err != nil {
		return integer(0), err
	}
	n := x.trim(o)
	if n > 0 {
		s.changed()
	}
	return integer(n), nil
}
