package ledger

import "strings"

// Owner names the item that a HaVIP or a clientToken belongs to.
type Owner struct{ Batch, Key string }

// String is for people.
func (o Owner) String() string { return o.Batch + "/" + o.Key }

// ownerSeparator is in no name, which a slash may be.
const ownerSeparator = "\x1f"

func (o Owner) encode() string { return o.Batch + ownerSeparator + o.Key }

func decodeOwner(text string) Owner {
	batch, key, _ := strings.Cut(text, ownerSeparator)
	return Owner{Batch: batch, Key: key}
}
