package render

import "havip/ledger"

// Color is a color of text on a terminal, as the parameter of SGR (ECMA-48); "" is none.
type Color string

// The colors.
const (
	Green  Color = "32"
	Red    Color = "31"
	Yellow Color = "33"
)

func (c Color) paint(text string) string {
	if c == "" || text == "" {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}

// StateColor is the color of an item's state: yellow needs attention or patience.
func StateColor(state ledger.State) Color {
	switch state {
	case ledger.Created, ledger.Adopted:
		return Green
	case ledger.Rejected:
		return Red
	case ledger.Review, ledger.Unknown, ledger.Waiting:
		return Yellow
	case ledger.Queued, ledger.Sending, ledger.Canceled, ledger.Deleting, ledger.Deleted:
	}
	return ""
}
