package manifest

import (
	"slices"
	"strings"

	"havip/tasks"
)

// resultColumns are those of `enqueue results` that say what became of an item and not what is wanted.
var resultColumns = []string{
	"batch", "line", "state", "haVipId", "attempts", "code", "message", "requestId", "createdAt", "updatedAt", "attemptLog",
}

// isResult says whether a field is one of results alone, which makes its row a result. Results are input
// again: such a field is ignored, whatever its value, and of the others
//
//   - privateIpAddress may be one that BCE chose for an item that asked for none. It is read as it stands:
//     in the batch that has the item it is no difference ([ledger.Spec.Address]), and in another it asks for
//     that address.
//   - clientToken may be one that was derived from batch and key. It is left out: in its own batch it is
//     derived again, and for an item of another batch it would fetch the HaVIP of this one. A token that the
//     user brought stays the user's: in its own batch the item is the same, in another the token is refused
//     as another item's. Where `enqueue retry` has replaced it by a derived one, the item conflicts until
//     the row has the user's token again.
func isResult(name string) bool { return slices.Contains(resultColumns, name) }

// token is the clientToken that the row asks for.
func (rec *record) token() string {
	token := rec.cells[columnClientToken].text
	if rec.result && strings.HasPrefix(token, tasks.DerivedTokenPrefix) {
		return ""
	}
	return token
}
