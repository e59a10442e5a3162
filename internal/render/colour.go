package render

import "havip/ledger"

// Colour is a colour of text on a terminal, as the parameter of SGR (ECMA-48); "" is none.
type Colour string

// The colours.
const (
	Green  Colour = "32"
	Red    Colour = "31"
	Yellow Colour = "33"
)

func (c Colour) paint(text string) string {
	if c == "" || text == "" {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}

// StateColour is the colour of an item's state: yellow needs attention or patience.
func StateColour(state ledger.State) Colour {
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
