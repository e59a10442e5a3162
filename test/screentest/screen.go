// Package screentest shows what a person sees of what a program writes to a terminal.
package screentest

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// Screen is a terminal as far as our programs use one. It has as many rows as it takes, and wraps a line
// that is longer than it is wide. It may be written to in pieces of any size. It is not safe for concurrent
// use.
type Screen struct {
	// Redrawn, if not nil, is called after each time that the cursor was sent back to an earlier line,
	// which is the end of a redraw.
	Redrawn func()

	width    int
	rows     [][]rune
	row, col int
	// pending is the beginning of a character or of a control sequence.
	pending []byte
}

// New returns a screen of so many columns.
func New(width int) *Screen { return &Screen{width: width} }

var (
	sequence = regexp.MustCompile(`^\x1b\[([0-9;]*)([A-Za-z])`)
	// begun is what may become a sequence.
	begun = regexp.MustCompile(`^\x1b(\[[0-9;]*)?$`)
)

// Write shows text. Its error is always nil.
func (s *Screen) Write(text []byte) (int, error) {
	s.pending = append(s.pending, text...)
	for len(s.pending) > 0 {
		n := s.next()
		if n == 0 {
			break
		}
		s.pending = s.pending[n:]
	}
	return len(text), nil
}

// next shows the first of what is pending, and returns its length; 0 if it is not complete.
func (s *Screen) next() int {
	if m := sequence.FindSubmatch(s.pending); m != nil {
		s.obey(string(m[1]), string(m[2]))
		return len(m[0])
	}
	if begun.Match(s.pending) || !utf8.FullRune(s.pending) {
		return 0
	}
	r, size := utf8.DecodeRune(s.pending)
	s.put(r)
	return size
}

func (s *Screen) put(r rune) {
	switch r {
	case '\r':
		s.col = 0
	case '\n':
		s.row++ // a terminal's driver writes the carriage return before it
	default:
		width := runewidth.RuneWidth(r)
		if s.col+width > s.width {
			s.row, s.col = s.row+1, 0
		}
		s.line()
		for i := range width {
			s.rows[s.row][s.col+i] = covered
		}
		if width > 0 { // else it joins the character before it
			s.rows[s.row][s.col] = r
		}
		s.col += width
	}
}

// covered is a cell that the wide character before it takes up.
const covered = 0

// line makes the cursor's row long enough.
func (s *Screen) line() {
	for len(s.rows) <= s.row {
		s.rows = append(s.rows, nil)
	}
	for len(s.rows[s.row]) < s.width {
		s.rows[s.row] = append(s.rows[s.row], ' ')
	}
}

func (s *Screen) obey(argument, command string) {
	n, _ := strconv.Atoi(argument)
	s.line()
	switch command {
	case "K": // erase in the line
		from := s.col
		if n == 2 {
			from = 0
		}
		for i := min(from, s.width); i < s.width; i++ {
			s.rows[s.row][i] = ' '
		}
	case "J": // erase to the end of the screen
		s.obey("0", "K")
		s.rows = s.rows[:s.row+1]
	case "F": // to the beginning of an earlier line
		s.row, s.col = max(0, s.row-max(1, n)), 0
		if s.Redrawn != nil {
			s.Redrawn()
		}
	}
}

// Lines are those that show something.
func (s *Screen) Lines() []string {
	var lines []string
	for _, row := range s.rows {
		line := strings.ReplaceAll(string(row), string(rune(covered)), "")
		if line = strings.TrimRight(line, " "); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
