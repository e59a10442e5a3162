package memredis

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

var keyCommands = map[string]command{
	"DEL":       {2, -1, del},
	"UNLINK":    {2, -1, del},
	"EXISTS":    {2, -1, exists},
	"TYPE":      {2, 2, typeOf},
	"KEYS":      {2, 2, keysLike},
	"SCAN":      {2, -1, scan},
	"RENAME":    {3, 3, rename},
	"DBSIZE":    {1, 1, dbSize},
	"FLUSHALL":  {1, 2, flush},
	"FLUSHDB":   {1, 2, flush},
	"EXPIRE":    {3, 3, expirer(1000, true)},
	"PEXPIRE":   {3, 3, expirer(1, true)},
	"EXPIREAT":  {3, 3, expirer(1000, false)},
	"PEXPIREAT": {3, 3, expirer(1, false)},
	"TTL":       {2, 2, ttl(1000)},
	"PTTL":      {2, 2, ttl(1)},
	"PERSIST":   {2, 2, persist},
}

func del(s *Store, args []string) (reply, error) {
	n := 0
	for _, key := range args[1:] {
		if s.drop(key) {
			n++
		}
	}
	return integer(n), nil
}

func exists(s *Store, args []string) (reply, error) {
	n := 0
	for _, key := range args[1:] {
		if s.find(key) != nil {
			n++
		}
	}
	return integer(n), nil
}

func typeOf(s *Store, args []string) (reply, error) {
	if e := s.find(args[1]); e != nil {
		return status(e.value.kind()), nil
	}
	return status("none"), nil
}

func keysLike(s *Store, args []string) (reply, error) {
	found, err := s.matching(args[1])
	return bulks(found), err
}

// matching are the keys of a pattern, in the order of their bytes.
func (s *Store) matching(pattern string) ([]string, error) {
	found := []string{}
	now := s.millis()
	for key, e := range s.keys {
		if e.expires != 0 && e.expires <= now {
			continue
		}
		ok, err := matches(pattern, key)
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, key)
		}
	}
	slices.Sort(found)
	return found, nil
}

// slashes makes of / what is no separator of paths.
var slashes = strings.NewReplacer("/", "\x00")

// matches reports whether Redis's pattern, in which / is a letter like others, is the text's.
func matches(pattern, text string) (bool, error) {
	if pattern == "*" {
		return true, nil
	}
	ok, err := path.Match(slashes.Replace(pattern), slashes.Replace(text))
	if err != nil {
		return false, errorf("ERR pattern %q is beyond memredis: %v", pattern, err)
	}
	return ok, nil
}

// scan answers everything in one page.
func scan(s *Store, args []string) (reply, error) {
	pattern, kind := "*", ""
	for i := 2; i < len(args); i += 2 {
		if i+1 == len(args) {
			return replyNil, errSyntax
		}
		switch strings.ToUpper(args[i]) {
		case "MATCH":
			pattern = args[i+1]
		case "TYPE":
			kind = args[i+1]
		case "COUNT":
		default:
			return replyNil, errSyntax
		}
	}
	found, err := s.matching(pattern)
	if kind != "" {
		found = slices.DeleteFunc(found, func(key string) bool { return s.keys[key].value.kind() != kind })
	}
	return array(bulk("0"), bulks(found)), err
}

func rename(s *Store, args []string) (reply, error) {
	e := s.find(args[1])
	if e == nil {
		return replyNil, Error("ERR no such key")
	}
	s.own()
	delete(s.keys, args[1])
	s.keys[args[2]] = e
	s.changed()
	return replyOK, nil
}

func dbSize(s *Store, _ []string) (reply, error) {
	return integer(len(s.keys)), nil
}

func flush(s *Store, _ []string) (reply, error) {
	s.keys, s.shared = map[string]*entry{}, false
	s.changed()
	return replyOK, nil
}

func expirer(unit int64, relative bool) func(*Store, []string) (reply, error) {
	return func(s *Store, args []string) (reply, error) {
		n, err := parseInt(args[2])
		if err != nil {
			return replyNil, err
		}
		at := n * unit
		if relative {
			at += s.millis()
		}
		if at <= s.millis() {
			return truth(s.drop(args[1])), nil
		}
		e := s.open(args[1])
		if e == nil {
			return integer(0), nil
		}
		e.expires = at
		s.changed()
		return integer(1), nil
	}
}

func ttl(unit int64) func(*Store, []string) (reply, error) {
	return func(s *Store, args []string) (reply, error) {
		e := s.find(args[1])
		switch {
		case e == nil:
			return integer(-2), nil
		case e.expires == 0:
			return integer(-1), nil
		}
		return integer64((e.expires - s.millis() + unit/2) / unit), nil
	}
}

func persist(s *Store, args []string) (reply, error) {
	if e := s.find(args[1]); e == nil || e.expires == 0 {
		return integer(0), nil
	}
	s.open(args[1]).expires = 0
	s.changed()
	return integer(1), nil
}

// count reads how many things the argument says.
func count(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, errNotInteger
	}
	return n, nil
}

// popCount reads how many elements a command of the form "NAME key [count]" takes: one, unless it says.
func popCount(args []string) (int, error) {
	if len(args) < 3 {
		return 1, nil
	}
	n, err := count(args[2])
	if err != nil {
		return 0, Error("ERR value is out of range, must be positive")
	}
	return n, nil
}
