package terminal

import (
	"errors"
	"slices"

	"havip/internal/cli"
	"havip/internal/spelling"
)

// colourMode is when tables have colours: the value of --color.
type colourMode string

const (
	colourAuto   colourMode = "auto"
	colourAlways colourMode = "always"
	colourNever  colourMode = "never"
)

func colourModes() []string {
	return []string{string(colourAuto), string(colourAlways), string(colourNever)}
}

// String, Set and Type make a colourMode a flag's value.
func (m *colourMode) String() string { return string(*m) }

// Type names the value in help.
func (m *colourMode) Type() string { return "when" }

// Set accepts the name of a mode.
func (m *colourMode) Set(name string) error {
	if !slices.Contains(colourModes(), name) {
		return errors.New(spelling.OneOf(name, colourModes()))
	}
	*m = colourMode(name)
	return nil
}

// colours reports whether tables have colours. Auto is on a terminal that has some, unless NO_COLOR is set
// (https://no-color.org), and also elsewhere if CLICOLOR_FORCE is (https://bixense.com/clicolors).
func (t *IO) colours() bool {
	switch {
	case t.Colour != colourAuto:
		return t.Colour == colourAlways
	case t.Getenv("NO_COLOR") != "":
		return false
	case t.Getenv("CLICOLOR_FORCE") != "" && t.Getenv("CLICOLOR_FORCE") != "0":
		return true
	default:
		return cli.IsTerminal(t.Out) && t.Getenv("TERM") != "dumb"
	}
}
