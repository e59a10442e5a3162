//go:build unix

package main

import (
	"testing"
	"time"
)

func TestOverlaps(t *testing.T) {
	t.Parallel()
	stop := []Stop{{Worker: 0, From: at(100), Until: at(120)}}
	for name, test := range map[string]struct {
		sends []Send
		// alive and stopped count overlaps.
		alive, stopped int
	}{
		"one after another":      {[]Send{send(0, "t", 0, 1), send(1, "t", 1, 2)}, 0, 0},
		"at once":                {[]Send{send(0, "t", 0, 3), send(1, "t", 1, 2)}, 1, 0},
		"in any order":           {[]Send{send(1, "t", 1, 2), send(0, "t", 0, 3)}, 1, 0},
		"three at once":          {[]Send{send(0, "t", 0, 9), send(1, "t", 1, 8), send(2, "t", 2, 7)}, 3, 0},
		"one over two":           {[]Send{send(0, "t", 0, 9), send(1, "t", 1, 2), send(2, "t", 3, 4)}, 2, 0},
		"of two tokens":          {[]Send{send(0, "t", 0, 3), send(1, "u", 1, 2)}, 0, 0},
		"stopped":                {[]Send{send(0, "t", 99, 130), send(1, "t", 110, 111)}, 0, 1},
		"just after a stop":      {[]Send{send(1, "t", 118, 130), send(0, "t", 121, 122)}, 0, 1},
		"long after a stop":      {[]Send{send(1, "t", 125, 130), send(0, "t", 126, 127)}, 1, 0},
		"long before a stop":     {[]Send{send(0, "t", 90, 95), send(1, "t", 91, 92)}, 1, 0},
		"somebody else stopped":  {[]Send{send(2, "t", 99, 130), send(1, "t", 110, 111)}, 1, 0},
		"seen a little too late": {[]Send{{0, "t", at(0), at(1).Add(observation)}, send(1, "t", 1, 2)}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			alive, stopped := 0, 0
			for _, o := range Overlaps(test.sends, stop) {
				if o.Stopped {
					stopped++
				} else {
					alive++
				}
			}
			if alive != test.alive || stopped != test.stopped {
				t.Errorf("%d and %d while stopped, want %d and %d", alive, stopped, test.alive, test.stopped)
			}
		})
	}
}

func TestJournal(t *testing.T) {
	t.Parallel()
	var j Journal
	w, now := j.watch(7), time.Now()
	w.sent([]byte("GET " + endpoint + "/v1/havip/havip-1 HTTP/1.1\r\n"))
	w.answered()
	w.sent([]byte("POST " + endpoint + "/v1/havip?clientToken=a%2Fb HTTP/1.1\r\nHost: x\r\n\r\n{}"))
	w.sent([]byte("more of its body"))
	if sends := j.Sends(now); len(sends) != 1 || sends[0].Until != now || sends[0].Token != "a/b" || sends[0].Worker != 7 {
		t.Fatalf("while it waits for its answer: %+v", sends)
	}
	w.answered()
	w.answered() // in two pieces
	w.sent([]byte("POST " + endpoint + "/v1/havip HTTP/1.1\r\n\r\n"))
	w.sent([]byte("POST " + endpoint + "/v1/havip?x=y HTTP/1.1\r\n\r\n"))
	w.closed()
	w.sent([]byte("POST " + endpoint + "/v1/havip?clientToken=late HTTP/1.1\r\n\r\n"))
	sends := j.Sends(time.Time{})
	for i, s := range sends {
		if s.Until.Before(s.From) || s.Token != []string{"a/b", "", ""}[i] {
			t.Errorf("send %d: %+v", i, s)
		}
	}
	if len(sends) != 3 {
		t.Errorf("%d sends, want 3: one without a token is a create as well", len(sends))
	}
}
