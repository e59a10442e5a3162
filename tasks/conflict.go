package tasks

import (
	"fmt"
	"strings"

	"havip/ledger"
)

// Conflict is an item whose key is registered for another request in the batch.
type Conflict struct {
	// Item is the requested item.
	Item Item
	// Differences show both values of each field that differs.
	Differences []Difference
	// TokenOwner is the other item that owns Item's clientToken, if that is the conflict.
	TokenOwner *ledger.Owner
}

// ConflictOf returns the conflict that a comparison found. Its Result must be [lifecycle.RegisteredConflict].
func ConflictOf(c Comparison) (Conflict, error) {
	conflict := Conflict{Item: c.Row.Item, TokenOwner: c.TokenOwner}
	if c.TokenOwner != nil {
		return conflict, nil
	}
	var err error
	conflict.Differences, err = Differences(*c.Existing, c.Row.Item)
	return conflict, err
}

func (c Conflict) String() string { return fmt.Sprintf("item %q: %s", c.Item.Key, c.Why()) }

// Why describes the conflict with both values.
func (c Conflict) Why() string {
	if owner := c.TokenOwner; owner != nil {
		return fmt.Sprintf("clientToken %q belongs to item %q of batch %q", c.Item.ClientToken, owner.Key, owner.Batch)
	}
	texts := make([]string, len(c.Differences))
	for i, d := range c.Differences {
		texts[i] = d.String()
	}
	return strings.Join(texts, "; ")
}
