package memredis

import (
	"strconv"
	"strings"
)

var stringCommands = map[string]command{
	"GET":         {2, 2, get},
	"GETDEL":      {2, 2, getDel},
	"SET":         {3, -1, set},
	"SETNX":       {3, 3, setNX},
	"SETEX":       {4, 4, setEX(1000)},
	"PSETEX":      {4, 4, setEX(1)},
	"MGET":        {2, -1, mGet},
	"MSET":        {3, -1, mSet},
	"STRLEN":      {2, 2, strLen},
	"APPEND":      {3, 3, appendTo},
	"INCR":        {2, 2, func(s *Store, args []string) (reply, error) { return s.increment(args[1], 1) }},
	"DECR":        {2, 2, func(s *Store, args []string) (reply, error) { return s.increment(args[1], -1) }},
	"INCRBY":      {3, 3, incrBy(1)},
	"DECRBY":      {3, 3, incrBy(-1)},
	"INCRBYFLOAT": {3, 3, incrByFloat},
}

// str is a string. It is replaced, never changed.
type str struct{ text string }

func (t *str) clone() value { return t }
func (t *str) kind() string { return "string" }
func (t *str) size() int    { return len(t.text) }
func (t *str) empty() bool  { return false }

func get(s *Store, args []string) (reply, error) {
	t, err := view[*str](s, args[1])
	if t == nil || err != nil {
		return replyNil, err
	}
	return bulk(t.text), nil
}

func getDel(s *Store, args []string) (reply, error) {
	answer, err := get(s, args)
	if err == nil {
		s.drop(args[1])
	}
	return answer, err
}

// setting is what SET was asked for besides the value.
type setting struct {
	onlyNew, onlyOld, keep, get bool
	expires                     int64
}

func (s *Store) parseSetting(args []string) (setting, error) {
	var o setting
	for i := 0; i < len(args); i++ {
		switch option := strings.ToUpper(args[i]); option {
		case "NX":
			o.onlyNew = true
		case "XX":
			o.onlyOld = true
		case "KEEPTTL":
			o.keep = true
		case "GET":
			o.get = true
		case "EX", "PX", "EXAT", "PXAT":
			i++
			if i == len(args) || o.expires != 0 {
				return o, errSyntax
			}
			n, err := parseInt(args[i])
			if err != nil {
				return o, err
			}
			if n <= 0 {
				return o, Error("ERR invalid expire time in 'set' command")
			}
			o.expires = s.moment(option, n)
		default:
			return o, errSyntax
		}
	}
	if o.onlyNew && o.onlyOld || o.keep && o.expires != 0 {
		return o, errSyntax
	}
	return o, nil
}

// moment is when something of SET's option expires.
func (s *Store) moment(option string, n int64) int64 {
	if strings.HasPrefix(option, "EX") {
		n *= 1000
	}
	if strings.HasSuffix(option, "AT") {
		return n
	}
	return n + s.millis()
}

func set(s *Store, args []string) (reply, error) {
	o, err := s.parseSetting(args[3:])
	if err != nil {
		return replyNil, err
	}
	before := replyNil
	if o.get {
		if before, err = get(s, args); err != nil {
			return replyNil, err
		}
	}
	e := s.find(args[1])
	if o.onlyNew && e != nil || o.onlyOld && e == nil {
		return before, nil
	}
	if o.keep && e != nil {
		o.expires = e.expires
	}
	s.put(args[1], &str{args[2]})
	s.keys[args[1]].expires = o.expires
	if o.get {
		return before, nil
	}
	return replyOK, nil
}

func setNX(s *Store, args []string) (reply, error) {
	if s.find(args[1]) != nil {
		return integer(0), nil
	}
	s.put(args[1], &str{args[2]})
	return integer(1), nil
}

func setEX(unit int64) func(*Store, []string) (reply, error) {
	return func(s *Store, args []string) (reply, error) {
		n, err := parseInt(args[2])
		if err != nil {
			return replyNil, err
		}
		if n <= 0 {
			return replyNil, errorf("ERR invalid expire time in '%s' command", strings.ToLower(args[0]))
		}
		s.put(args[1], &str{args[3]})
		s.keys[args[1]].expires = s.millis() + n*unit
		return replyOK, nil
	}
}

func mGet(s *Store, args []string) (reply, error) {
	list := make([]reply, len(args)-1)
	for i, key := range args[1:] {
		if t, err := view[*str](s, key); t != nil && err == nil {
			list[i] = bulk(t.text)
		}
	}
	return array(list...), nil
}

func mSet(s *Store, args []string) (reply, error) {
	if len(args)%2 == 0 {
		return replyNil, Error("ERR wrong number of arguments for 'mset' command")
	}
	for i := 1; i < len(args); i += 2 {
		s.put(args[i], &str{args[i+1]})
	}
	return replyOK, nil
}

func strLen(s *Store, args []string) (reply, error) {
	t, err := view[*str](s, args[1])
	if t == nil || err != nil {
		return integer(0), err
	}
	return integer(len(t.text)), nil
}

// rewrite gives a string a new value and keeps when it expires.
func (s *Store) rewrite(key, text string) {
	if e := s.open(key); e != nil {
		e.value = &str{text}
		s.changed()
		return
	}
	s.put(key, &str{text})
}

func appendTo(s *Store, args []string) (reply, error) {
	t, err := view[*str](s, args[1])
	if err != nil {
		return replyNil, err
	}
	text := args[2]
	if t != nil {
		text = t.text + text
	}
	s.rewrite(args[1], text)
	return integer(len(text)), nil
}

func incrBy(sign int64) func(*Store, []string) (reply, error) {
	return func(s *Store, args []string) (reply, error) {
		n, err := parseInt(args[2])
		if err != nil {
			return replyNil, err
		}
		return s.increment(args[1], sign*n)
	}
}

func (s *Store) increment(key string, by int64) (reply, error) {
	t, err := view[*str](s, key)
	if err != nil {
		return replyNil, err
	}
	var n int64
	if t != nil {
		if n, err = parseInt(t.text); err != nil {
			return replyNil, err
		}
	}
	if n, err = addInt(n, by); err != nil {
		return replyNil, err
	}
	s.rewrite(key, strconv.FormatInt(n, 10))
	return integer64(n), nil
}

func incrByFloat(s *Store, args []string) (reply, error) {
	t, err := view[*str](s, args[1])
	if err != nil {
		return replyNil, err
	}
	text := "0"
	if t != nil {
		text = t.text
	}
	if text, err = addFloat(text, args[2]); err != nil {
		return replyNil, err
	}
	s.rewrite(args[1], text)
	return bulk(text), nil
}
