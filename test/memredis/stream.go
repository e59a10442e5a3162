package memredis

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// stream is a log of entries, oldest first.
type stream struct {
	entries []message
	// last is the highest ID ever given.
	last streamID
}

// message is one entry of a stream. It is never changed.
type message struct {
	id streamID
	// fields are names and values in turn.
	fields []string
}

type streamID struct{ millis, seq uint64 }

var (
	firstID = streamID{0, 0}
	lastID  = streamID{math.MaxUint64, math.MaxUint64}
)

func newStream() *stream { return &stream{} }

func (x *stream) clone() value { return &stream{slices.Clip(x.entries), x.last} }
func (x *stream) kind() string { return "stream" }
func (x *stream) empty() bool  { return false }

func (x *stream) size() int {
	n := 0
	for _, m := range x.entries {
		n += 16 + length(m.fields)
	}
	return n
}

func (x *stream) all() []message {
	if x == nil {
		return nil
	}
	return x.entries
}

// from is where the first entry with this ID, or a higher one, stands.
func (x *stream) from(id streamID) int {
	at, _ := slices.BinarySearchFunc(x.all(), id, func(m message, id streamID) int { return m.id.compare(id) })
	return at
}

func (id streamID) compare(other streamID) int {
	return cmp.Or(cmp.Compare(id.millis, other.millis), cmp.Compare(id.seq, other.seq))
}

func (id streamID) String() string { return fmt.Sprintf("%d-%d", id.millis, id.seq) }

// next and previous are the neighbors; false beyond the ends.
func (id streamID) next() (streamID, bool) {
	if id.seq < math.MaxUint64 {
		return streamID{id.millis, id.seq + 1}, true
	}
	return streamID{id.millis + 1, 0}, id.millis < math.MaxUint64
}

func (id streamID) previous() (streamID, bool) {
	if id.seq > 0 {
		return streamID{id.millis, id.seq - 1}, true
	}
	return streamID{id.millis - 1, math.MaxUint64}, id.millis > 0
}

const errStreamID = Error("ERR Invalid stream ID specified as stream command argument")

// parseID reads an ID; one without a sequence number gets seq.
func parseID(text string, seq uint64) (streamID, error) {
	millis, rest, whole := strings.Cut(text, "-")
	var id streamID
	var err error
	if id.millis, err = strconv.ParseUint(millis, 10, 64); err != nil {
		return id, errStreamID
	}
	if id.seq = seq; whole {
		if id.seq, err = strconv.ParseUint(rest, 10, 64); err != nil {
			return id, errStreamID
		}
	}
	return id, nil
}

func (m message) reply() reply { return array(bulk(m.id.String()), bulks(m.fields)) }

func messages(some []message) reply {
	list := make([]reply, len(some))
	for i, m := range some {
		list[i] = m.reply()
	}
	return array(list...)
}
