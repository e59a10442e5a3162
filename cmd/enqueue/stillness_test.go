package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"havip/ledger"
)

// What came of a request is said once.
func TestLastAnswer(t *testing.T) {
	t.Parallel()
	for want, rec := range map[string]ledger.Record{
		"create havip: not sent: connection refused":   {Class: "not-sent", Message: "create havip: not sent: connection refused"},
		"SubnetFull: no room":                          {Class: "lane-fault", Code: "SubnetFull", Message: "no room"},
		"unknown":                                      {Class: "unknown"},
		"X: " + strings.Repeat("m", maxReason-1) + "…": {Code: "X", Message: strings.Repeat("m", 2*maxReason)},
	} {
		if diff := cmp.Diff(want, lastAnswer(rec)); diff != "" {
			t.Error(diff)
		}
	}
}
