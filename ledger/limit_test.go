package ledger_test

import (
	"errors"
	"testing"

	"havip/ledger"
)

func TestParseFailureLimit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]ledger.FailureLimit{
		"none": "", "0": "0", "007": "7", "2147483647": "2147483647",
		"0%": "0%", "5%": "5%", "5.0%": "5%", "0.25%": "0.25%", "33.33%": "33.33%", "100%": "100%",
	} {
		if got, err := ledger.ParseFailureLimit(text); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-1", "+1", "1.5", "many", "%", "-1%", "101%", "0.125%", "NaN%", "Inf%", "1e1%", "0x5%", "5 %", "4294967296", "5%%"} {
		if got, err := ledger.ParseFailureLimit(text); !errors.Is(err, ledger.ErrFailureLimit) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}
