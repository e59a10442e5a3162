package manual

import (
	"testing"
	"time"

	"havip/internal/version"
)

// The date is never that of the making.
func TestDate(t *testing.T) {
	t.Parallel()
	commit := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	if got := date(version.Info{Committed: commit}); !got.Equal(commit) {
		t.Errorf("got %s, want the commit's %s", got, commit)
	}
	if got := date(version.Info{}); got.Unix() != 0 {
		t.Errorf("without a commit: got %s", got)
	}
}
