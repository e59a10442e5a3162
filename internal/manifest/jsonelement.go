package manifest

import (
	"errors"
	"io"
)

// readElement reads the element that begins with b into j.element, up to the comma or the
// bracket behind it. An element longer than maxLine is passed over and not whole. At the
// end of the file the element is what there is of it.
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
			if !n.outside() { // parseObject will say so: no need to ask for the array's end as well
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

// nesting follows braces, brackets and quotes to where a value ends. It does not judge
// which bracket closes which: the syntax of what it cut out is judged as a whole.
type nesting struct {
	depth             int
	inString, escaped bool
}

// enter takes the next byte and tells whether an object, array or string ends with it. A
// line break ends a string, which cannot hold one, so that a missing quote costs its line
// and not the file.
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

// outside tells that a byte would not be inside an object, array or string: what is being
// read is a number or a word.
func (n *nesting) outside() bool { return n.depth == 0 && !n.inString }

func endsLiteral(b byte) bool {
	return isSpace(b) || b == ',' || b == ']' || b == '{' || b == '['
}
