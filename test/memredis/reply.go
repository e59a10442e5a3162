package memredis

import "strconv"

// shape is what a reply is in RESP.
type shape uint8

const (
	shapeNil shape = iota
	shapeInt
	shapeBulk
	shapeStatus
	shapeDouble
	shapeError
	shapeArray
	// shapeMap is a map in RESP3; in RESP2 it is an array that names fields and values in turn.
	shapeMap
	// shapePairs is an array of pairs in RESP3, and in RESP2 an array of both in turn.
	shapePairs
	// shapeStreams is a map in RESP3, and in RESP2 an array of pairs.
	shapeStreams
)

// reply is what a command answers. The list of a map, of pairs and of streams is flat.
type reply struct {
	shape shape
	n     int64
	s     string
	list  []reply
}

var (
	replyNil = reply{}
	replyOK  = status("OK")
)

func integer(n int) reply       { return reply{shape: shapeInt, n: int64(n)} }
func integer64(n int64) reply   { return reply{shape: shapeInt, n: n} }
func bulk(s string) reply       { return reply{shape: shapeBulk, s: s} }
func status(s string) reply     { return reply{shape: shapeStatus, s: s} }
func array(list ...reply) reply { return reply{shape: shapeArray, list: list} }
func double(f float64) reply    { return reply{shape: shapeDouble, s: formatFloat(f)} }

func truth(yes bool) reply {
	if yes {
		return integer(1)
	}
	return integer(0)
}

func bulks(texts []string) reply {
	list := make([]reply, len(texts))
	for i, text := range texts {
		list[i] = bulk(text)
	}
	return reply{shape: shapeArray, list: list}
}

// text is a scalar reply as text.
func (r reply) text() string {
	if r.shape == shapeInt {
		return strconv.FormatInt(r.n, 10)
	}
	return r.s
}
