package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFit(t *testing.T) {
	t.Parallel()
	const text = `Plan reads the whole file, compares it with
the batch, and tells. What is
short stays.

  fail      whose subnet does not exist or
            has none left
  adopt     outcome unknown

  enqueue plan havips.csv --live --out havips.plan

Words:
WHEN is a probability or a count.
  1  some failed`
	const narrow = `Plan reads the whole file,
compares it with the batch,
and tells. What is short
stays.

  fail      whose subnet does
            not exist or has
            none left
  adopt     outcome unknown

  enqueue plan havips.csv --live --out havips.plan

Words:
WHEN is a probability or a
count.
  1  some failed`
	if diff := cmp.Diff(narrow, fit(text, 30)); diff != "" {
		t.Errorf("30 columns (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(text, fit(text, 80)); diff != "" {
		t.Errorf("where there is room (-want +got):\n%s", diff)
	}
}
