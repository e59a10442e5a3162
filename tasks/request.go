package tasks

import (
	"encoding/json"
	"fmt"
	"strings"

	"havip/ledger"
)

// RequestOf reads back what a spec asks for.
func RequestOf(spec ledger.Spec) (Request, error) {
	var r Request
	if err := json.Unmarshal([]byte(spec.Body), &r); err != nil {
		return Request{}, fmt.Errorf("body of item %q: %w", spec.Key, err)
	}
	return r, nil
}

// Difference is one field in which what is wanted differs from what stands in the ledger.
type Difference struct{ Field, Existing, Wanted string }

func (d Difference) String() string {
	text := fmt.Sprintf("%s is %q in the batch and %q here", d.Field, d.Existing, d.Wanted)
	switch {
	case withoutLineEnds(d.Existing) == withoutLineEnds(d.Wanted):
		return text + " (only line ends differ)"
	case withoutSpaces(d.Existing) == withoutSpaces(d.Wanted):
		return text + " (only spaces and line ends differ)"
	}
	return text
}

// withoutLineEnds is text as it would be with LF between its lines and nothing behind the last.
func withoutLineEnds(text string) string {
	return strings.TrimRight(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n")
}

func withoutSpaces(text string) string { return strings.Join(strings.Fields(text), "") }

// Differences tells, in the contract's column order, how an item differs from the spec that
// stands under its key. The clientToken shows only when the item brings its own, and an address not when
// BCE chose it for the item that stands.
func Differences(existing ledger.Spec, item Item) ([]Difference, error) {
	there, err := RequestOf(existing)
	if err != nil {
		return nil, err
	}
	if there.PrivateIPAddress == "" && item.Request.PrivateIPAddress == existing.Address {
		there.PrivateIPAddress = existing.Address
	}
	pairs := []Difference{
		{"name", there.Name, item.Request.Name},
		{"subnetId", there.SubnetID, item.Request.SubnetID},
		{"privateIpAddress", there.PrivateIPAddress, item.Request.PrivateIPAddress},
		{"description", there.Description, item.Request.Description},
		{"account", existing.Account, item.Account},
		{"region", existing.Region, item.Region},
		{"clientToken", existing.OwnToken, item.ClientToken},
	}
	var differing []Difference
	for _, pair := range pairs {
		if pair.Existing != pair.Wanted {
			differing = append(differing, pair)
		}
	}
	return differing, nil
}
