package e2e

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"
)

// screen is what a terminal shows of what was written to it, as far as our programs use one. It has as
// many rows as it takes, and wraps a line that is longer than it is wide.
type screen struct {
	width    int
	rows     [][]rune
	row, col int
}

var control = regexp.MustCompile(`^\x1b\[([0-9;]*)([A-Za-z])`)

// show writes text, and calls look after each time that the cursor was sent back.
func (s *screen) show(text string, look func()) {
	for len(text) > 0 {
		if m := control.FindStringSubmatch(text); m != nil {
			s.obey(m[1], m[2])
			text = text[len(m[0]):]
			if m[2] == "F" {
				look()
			}
			continue
		}
		r := []rune(text)[0]
		text = text[len(string(r)):]
		s.put(r)
	}
}

func (s *screen) put(r rune) {
	switch r {
	case '\r':
		s.col = 0
	case '\n':
		s.row++ // a terminal's driver writes the carriage return before it
	default:
		if s.col+runewidth.RuneWidth(r) > s.width {
			s.row, s.col = s.row+1, 0
		}
		s.line()
		s.rows[s.row][s.col] = r
		s.col += runewidth.RuneWidth(r)
	}
}

// line makes the cursor's row long enough.
func (s *screen) line() {
	for len(s.rows) <= s.row {
		s.rows = append(s.rows, nil)
	}
	for len(s.rows[s.row]) < s.width {
		s.rows[s.row] = append(s.rows[s.row], ' ')
	}
}

func (s *screen) obey(argument, command string) {
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
	}
}

// lines are those that show something.
func (s *screen) lines() []string {
	var lines []string
	for _, row := range s.rows {
		if line := strings.TrimRight(string(row), " "); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
