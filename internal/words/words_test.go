package words

import "testing"

func TestNumber(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := Number(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
	if one, many := Count(1, "item", "items"), Count(2000, "item", "items"); one != "1 item" || many != "2,000 items" {
		t.Errorf("got %q and %q", one, many)
	}
}
