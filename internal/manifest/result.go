package manifest

import (
	"slices"
	"strings"

	"havip/tasks"
)

// resultColumns are the columns of `enqueue results` that describe an item's result, not its request.
var resultColumns = []string{
	"batch", "line", "state", "haVipId", "attempts", "code", "message", "requestId", "createdAt", "updatedAt", "attemptLog", "candidates",
}

// isResult reports whether a field exists only in results, which makes its row a result. Results are valid input: such
// fields are ignored, and of the others
//
//   - privateIpAddress may be assigned by BCE for an item without an address. It is used unchanged: in the item's own
//     batch it is no difference ([ledger.Spec.Address]), and in another batch it requests that address.
//   - clientToken may be derived from batch and key. It is then left out: in its own batch it is derived again, and in
//     another batch it would return the HaVIP of this item. A user's own token is used: in its own batch the item is the
//     same, and in another the token is refused as another item's. If `enqueue retry` has replaced it with a derived
//     one, the item conflicts until the row has the user's token again.
func isResult(name string) bool { return slices.Contains(resultColumns, name) }

// token returns the clientToken that the row requests.
func (rec *record) token() string {
	token := rec.cells[columnClientToken].text
	if rec.result && strings.HasPrefix(token, tasks.DerivedTokenPrefix) {
		return ""
	}
	return token
}
