package ledger

import (
	"strconv"
	"strings"
)

// Owner names the item that a HaVIP or a clientToken belongs to.
type Owner struct {
	Batch, Key string
	// ForgottenGeneration is that of the item's record. It distinguishes the item from an item of the same name in a
	// batch that was deleted, whose HaVIPs are not its own. For the owner of a clientToken it is 0.
	ForgottenGeneration int
}

// String returns the owner for display.
func (o Owner) String() string { return o.Batch + "/" + o.Key }

// ownerSeparator occurs in no name; a slash may.
const ownerSeparator = "\x1f"

func (o Owner) encode() string {
	text := o.Batch + ownerSeparator + o.Key
	if o.ForgottenGeneration > 0 {
		text += ownerSeparator + strconv.Itoa(o.ForgottenGeneration)
	}
	return text
}

// encodeIn is encode with the account whose key showed the HaVIP.
func (o Owner) encodeIn(account string) string {
	return o.Batch + ownerSeparator + o.Key + ownerSeparator + strconv.Itoa(o.ForgottenGeneration) + ownerSeparator + account
}

// ownerDeleted follows an owner and its account if the HaVIP was deleted by rollback.
const ownerDeleted = "deleted"

func decodeOwner(text string) Owner {
	owner, _, _ := decodeOwnerIn(text)
	return owner
}

func decodeOwnerIn(text string) (owner Owner, account string, deleted bool) {
	batch, rest, _ := strings.Cut(text, ownerSeparator)
	key, rest, _ := strings.Cut(rest, ownerSeparator)
	number, rest, _ := strings.Cut(rest, ownerSeparator)
	account, mark, _ := strings.Cut(rest, ownerSeparator)
	generation, _ := strconv.Atoi(number) // 0 for none
	return Owner{Batch: batch, Key: key, ForgottenGeneration: generation}, account, mark == ownerDeleted
}
