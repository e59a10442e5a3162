package memredis

import (
	"strconv"
	"strings"
)

var hashCommands = map[string]command{
	"HSET":         {4, -1, hSet},
	"HMSET":        {4, -1, hMSet},
	"HSETNX":       {4, 4, hSetNX},
	"HGET":         {3, 3, hGet},
	"HMGET":        {3, -1, hMGet},
	"HGETALL":      {2, 2, hGetAll},
	"HKEYS":        {2, 2, hKeys},
	"HVALS":        {2, 2, hVals},
	"HLEN":         {2, 2, hLen},
	"HEXISTS":      {3, 3, hExists},
	"HSTRLEN":      {3, 3, hStrLen},
	"HDEL":         {3, -1, hDel},
	"HINCRBY":      {4, 4, hIncrBy},
	"HINCRBYFLOAT": {4, 4, hIncrByFloat},
	"HRANDFIELD":   {2, 4, hRandField},
}

func hSet(s *Store, args []string) (reply, error) {
	if len(args)%2 != 0 {
		return replyNil, errorf("ERR wrong number of arguments for '%s' command", strings.ToLower(args[0]))
	}
	h, err := create(s, args[1], newHash)
	if err != nil {
		return replyNil, err
	}
	added := 0
	for i := 2; i < len(args); i += 2 {
		if h.set(args[i], args[i+1]) {
			added++
		}
	}
	s.changed()
	return integer(added), nil
}

func hMSet(s *Store, args []string) (reply, error) {
	if _, err := hSet(s, args); err != nil {
		return replyNil, err
	}
	return replyOK, nil
}

func hSetNX(s *Store, args []string) (reply, error) {
	h, err := view[*hash](s, args[1])
	if err != nil {
		return replyNil, err
	}
	if _, found := h.get(args[2]); found {
		return integer(0), nil
	}
	return hSet(s, args)
}

func hGet(s *Store, args []string) (reply, error) {
	h, err := view[*hash](s, args[1])
	if err != nil {
		return replyNil, err
	}
	if v, found := h.get(args[2]); found {
		return bulk(v), nil
	}
	return replyNil, nil
}

func hMGet(s *Store, args []string) (reply, error) {
	h, err := view[*hash](s, args[1])
	if err != nil {
		return replyNil, err
	}
	list := make([]reply, len(args)-2)
	for i, name := range args[2:] {
		if v, found := h.get(name); found {
			list[i] = bulk(v)
		}
	}
	return array(list...), nil
}

func hGetAll(s *Store, args []string) (reply, error) {
	h, err := view[*hash](s, args[1])
	list := make([]reply, 0, 2*len(h.all()))
	for _, f := range h.all() {
		list = append(list, bulk(f.name), bulk(f.value))
	}
	return reply{shape: shapeMap, list: list}, err
}

func hKeys(s *Store, args []string) (reply, error) {
	h, err := view[*hash](s, args[1])
	list := make([]reply, len(h.all()))
	for i, f := range h.all() {
		list[i] = bulk(f.name)
	}
	return array(list...), err
}

func hVals(s *Store, args []string) (reply, error) {
	h, err := view[*hash](s, args[1])
	list := make([]reply, len(h.all()))
	for i, f := range h.all() {
		list[i] = bulk(f.value)
	}
	return array(list...), err
}

func hLen(s *Store, args []string) (reply, error) {
	h, err := view[*hash](s, args[1])
	return integer(len(h.all())), err
}

func hExists(s *Store, args []string) (reply, error) {
	h, err := view[*hash](s, args[1])
	_, found := h.get(args[2])
	return truth(found), err
}

func hStrLen(s *Store, args []string) (reply, error) {
	h, err := view[*hash](s, args[1])
	v, _ := h.get(args[2])
	return integer(len(v)), err
}

func hDel(s *Store, args []string) (reply, error) {
	h, err := edit[*hash](s, args[1])
	if h == nil || err != nil {
		return integer(0), err
	}
	removed := 0
	for _, name := range args[2:] {
		if h.remove(name) {
			removed++
		}
	}
	if removed > 0 {
		s.settle(args[1], h)
	}
	return integer(removed), nil
}

func hIncrBy(s *Store, args []string) (reply, error) {
	by, err := parseInt(args[3])
	if err != nil {
		return replyNil, err
	}
	h, err := view[*hash](s, args[1])
	if err != nil {
		return replyNil, err
	}
	var n int64
	if v, found := h.get(args[2]); found {
		if n, err = parseInt(v); err != nil {
			return replyNil, Error("ERR hash value is not an integer")
		}
	}
	if n, err = addInt(n, by); err != nil {
		return replyNil, err
	}
	h, err = create(s, args[1], newHash)
	if err != nil {
		return replyNil, err
	}
	h.set(args[2], strconv.FormatInt(n, 10))
	s.changed()
	return integer64(n), nil
}

func hIncrByFloat(s *Store, args []string) (reply, error) {
	if _, err := addFloat("0", args[3]); err != nil {
		return replyNil, err
	}
	h, err := view[*hash](s, args[1])
	if err != nil {
		return replyNil, err
	}
	text, found := h.get(args[2])
	if !found {
		text = "0"
	}
	if text, err = addFloat(text, args[3]); err != nil {
		return replyNil, Error("ERR hash value is not a float")
	}
	h, err = create(s, args[1], newHash)
	if err != nil {
		return replyNil, err
	}
	h.set(args[2], text)
	s.changed()
	return bulk(text), nil
}

// hRandField takes the first fields: any are as good as random ones, and these are the same each time.
func hRandField(s *Store, args []string) (reply, error) {
	h, err := view[*hash](s, args[1])
	if err != nil {
		return replyNil, err
	}
	fields := h.all()
	if len(args) == 2 {
		if len(fields) == 0 {
			return replyNil, nil
		}
		return bulk(fields[0].name), nil
	}
	n, err := parseIndex(args[2])
	if err != nil {
		return replyNil, err
	}
	with := len(args) == 4
	if n < 0 {
		return replyNil, Error("ERR HRANDFIELD with repetitions is unknown (memredis)")
	}
	if with && !strings.EqualFold(args[3], "WITHVALUES") {
		return replyNil, errSyntax
	}
	answer := array()
	if with {
		answer.shape = shapePairs
	}
	for _, f := range fields[:min(n, len(fields))] {
		answer.list = append(answer.list, bulk(f.name))
		if with {
			answer.list = append(answer.list, bulk(f.value))
		}
	}
	return answer, nil
}
