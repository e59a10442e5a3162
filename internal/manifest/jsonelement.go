package manifest

import (
	"errors"
	"io"
)

// readElement reads the element that starts with b into j.element, up to the following comma or bracket. It skips an
// element longer than maxLine and returns it incomplete. At the end of the file, the element may be incomplete.
func (j *jsonRows) readElement(b byte) (whole bool, err error) {
	var n nesting
	j.element = append(j.element[:0], b)
	whole = true
	for done := n.enter(b); !done; {
		if n.outside() {
			if next, err := j.r.Peek(1); err == nil && endsLiteral(next[0]) {
				break
			}
		}
		b, err := j.read()
		if errors.Is(err, io.EOF) {
			if !n.outside() { // parseObject reports it, so do not report the array's end as well
				j.state = behindArray
			}
			break
		}
		if err != nil {
			return false, err
		}
		done = n.enter(b)
		if whole = whole && len(j.element) < maxLine; whole {
			j.element = append(j.element, b)
		}
	}
	return whole, nil
}

// nesting follows braces, brackets and quotes to the end of a value. It does not match kinds of brackets; the parser
// validates the value.
type nesting struct {
	depth             int
	inString, escaped bool
}

// enter reads the next byte and reports whether it ends an object, array or string. A line break ends a string, which
// cannot contain one, so that a missing quote affects only its line.
func (n *nesting) enter(b byte) (ends bool) {
	switch {
	case n.escaped:
		n.escaped = false
	case n.inString && b == '\\':
		n.escaped = true
	case b == '"' || n.inString && b == '\n':
		n.inString = !n.inString
		return !n.inString && n.depth == 0
	case n.inString:
	case b == '{' || b == '[':
		n.depth++
	case b == '}' || b == ']':
		n.depth--
		return n.depth <= 0
	}
	return false
}

// outside reports whether the next byte is not in an object, array or string: the value is a number or a word.
func (n *nesting) outside() bool { return n.depth == 0 && !n.inString }

func endsLiteral(b byte) bool {
	return isSpace(b) || b == ',' || b == ']' || b == '{' || b == '['
}
