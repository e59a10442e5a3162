package tasks

import (
	"encoding/json"
	"fmt"
	"strings"

	"havip/ledger"
)

// RequestOf decodes the request of a spec.
func RequestOf(spec ledger.Spec) (Request, error) {
	var r Request
	if err := json.Unmarshal([]byte(spec.Body), &r); err != nil {
		return Request{}, fmt.Errorf("body of item %q: %w", spec.Key, err)
	}
	return r, nil
}

// Difference is a field whose requested value differs from the registered one.
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

// withoutLineEnds returns text with LF line ends and none at its end.
func withoutLineEnds(text string) string {
	return strings.TrimRight(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n")
}

func withoutSpaces(text string) string { return strings.Join(strings.Fields(text), "") }

// Differences returns, in column order, how an item differs from the registered spec. It includes the clientToken only
// if the user gave one, and ignores an address that BCE assigned to the registered item.
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
