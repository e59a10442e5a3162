package region

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		region  string
		allow   bool
		meant   string
		refused bool
	}{
		"known":            {region: "gz"},
		"misspelled":       {region: "gx", refused: true, meant: "did you mean gz?"},
		"unknown":          {region: "nowhere", refused: true, meant: "the regions are: bj"},
		"unknown, allowed": {region: "nowhere", allow: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := Check(test.region, test.allow)
			if (err != nil) != test.refused || err != nil && !strings.Contains(err.Error(), test.meant) {
				t.Errorf("got %v", err)
			}
		})
	}
}
