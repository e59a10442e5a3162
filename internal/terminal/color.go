package terminal

import (
	"errors"
	"slices"

	"havip/internal/cli"
	"havip/internal/spelling"
)

// colorMode is when tables have colors: the value of --color.
type colorMode string

const (
	colorAuto   colorMode = "auto"
	colorAlways colorMode = "always"
	colorNever  colorMode = "never"
)

func colorModes() []string {
	return []string{string(colorAuto), string(colorAlways), string(colorNever)}
}

// String, Set and Type make a colorMode a flag's value.
func (m *colorMode) String() string { return string(*m) }

// Type names the value in help.
func (m *colorMode) Type() string { return "when" }

// Set accepts the name of a mode.
func (m *colorMode) Set(name string) error {
	if !slices.Contains(colorModes(), name) {
		return errors.New(spelling.OneOf(name, colorModes()))
	}
	*m = colorMode(name)
	return nil
}

// colors reports whether tables have colors. Auto is on a terminal that has some, unless NO_COLOR is set
// (https://no-color.org), and also elsewhere if CLICOLOR_FORCE is (https://bixense.com/clicolors).
func (t *IO) colors() bool {
	switch {
	case t.Color != colorAuto:
		return t.Color == colorAlways
	case t.Getenv("NO_COLOR") != "":
		return false
	case t.Getenv("CLICOLOR_FORCE") != "" && t.Getenv("CLICOLOR_FORCE") != "0":
		return true
	default:
		return cli.IsTerminal(t.Out) && t.Getenv("TERM") != "dumb"
	}
}
