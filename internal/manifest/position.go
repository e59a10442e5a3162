package manifest

import (
	"bytes"
	"unicode/utf8"
)

// position is a place in a file; both count from 1, columns in characters.
type position struct{ line, column int }

// start is the start of a file.
func start() position { return position{1, 1} }

// after returns the position after text at p.
func (p position) after(text []byte) position {
	if i := bytes.LastIndexByte(text, '\n'); i >= 0 {
		p.line += bytes.Count(text, []byte{'\n'})
		p.column = 1
		text = text[i+1:]
	}
	p.column += utf8.RuneCount(text)
	return p
}
