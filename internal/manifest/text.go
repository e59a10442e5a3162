package manifest

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"
)

// Rules about the encoding. Such a fault ends the reading, because every later row would have it too.
const (
	// ruleNotUTF8 is replaced after reading the whole file: see [ruleOfEncoding].
	ruleNotUTF8 = "is not UTF-8 text"
	ruleNUL     = "has U+0000 (NUL), so it is not text; save it as UTF-8 text"
)

// encodingError reports where a file stops being UTF-8 text. It is a fault of the file, but an error here, because only the
// layers above have the report.
type encodingError struct {
	at   position
	rule string
}

func (e *encodingError) Error() string { return e.rule }

// text reads content as UTF-8 text without its byte-order mark. It returns whole characters up to the first invalid byte,
// and there an *encodingError.
type text struct {
	blocks *blocks
	buf    []byte
	// ready is valid text that was not read yet; tail is the start of a character that continues in the next block.
	// Both are slices of buf.
	ready, tail []byte
	// at is the position after ready.
	at  position
	err error
}

func newText(b *blocks) *text {
	return &text{blocks: b, buf: make([]byte, blockSize+utf8.UTFMax), at: start()}
}

// Read implements io.Reader.
func (t *text) Read(p []byte) (int, error) {
	for len(t.ready) == 0 {
		if t.err != nil {
			return 0, t.err
		}
		t.fill()
	}
	n := copy(p, t.ready)
	t.ready = t.ready[n:]
	return n, nil
}

// fill reads the next block. Its valid start becomes ready even if the rest is invalid, so that faults before an invalid
// byte are reported too.
func (t *text) fill() {
	carried := copy(t.buf, t.tail)
	first := len(t.blocks.passed) == 0
	n, err := t.blocks.next(t.buf[carried:])
	window := t.buf[:carried+n]
	t.tail = nil
	if err != nil {
		t.err = err
		if errors.Is(err, io.EOF) && carried > 0 {
			t.err = &encodingError{at: t.at, rule: ruleNotUTF8}
		}
		return
	}
	if first {
		if rule := foreign(window); rule != "" {
			t.err = &encodingError{at: t.at, rule: rule}
			return
		}
		window = bytes.TrimPrefix(window, []byte("\uFEFF"))
	}
	t.accept(window)
}

func (t *text) accept(window []byte) {
	whole := window[:wholeRunes(window)]
	t.tail = window[len(whole):]
	n, rule := validPrefix(whole)
	t.ready = whole[:n]
	t.at = t.at.after(t.ready)
	if rule != "" {
		t.err = &encodingError{at: t.at, rule: rule}
	}
}

// wholeRunes returns the length of b without an incomplete character at its end.
func wholeRunes(b []byte) int {
	for i := len(b) - 1; i >= 0 && len(b)-i < utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return i
			}
			break
		}
	}
	return len(b)
}

// validPrefix returns the length of b's valid start, and the rule that is broken there.
func validPrefix(b []byte) (n int, rule string) {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b, rule = b[:i], ruleNUL
	}
	if utf8.Valid(b) {
		return len(b), rule
	}
	for n < len(b) {
		r, size := utf8.DecodeRune(b[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return n, ruleNotUTF8
}
