package tasks

import (
	"strings"
	"testing"
)

// What cannot be seen in two values is said.
func TestDifferenceThatCannotBeSeen(t *testing.T) {
	t.Parallel()
	const ends, spaces = "(only line ends differ)", "(only spaces and line ends differ)"
	for _, c := range []struct{ existing, wanted, want string }{
		{"a\nb", "a\r\nb", ends},
		{"a\nb", "a\rb", ends},
		{"a\n", "a", ends},
		{"a\r\n\r\n", "a\n", ends},
		{"", "\n", ends},
		{"a b", "a  b", spaces},
		{"a b", "a\u00a0b", spaces},
		{"a\tb ", "a b", spaces},
		{"a\nb", "a b", spaces},
		{"a", " a", spaces},
		{"", " ", spaces},
		{"a", "b", ""},
		{"a\n", "b", ""},
		{"a", "", ""},
	} {
		got := Difference{Field: "description", Existing: c.existing, Wanted: c.wanted}.String()
		_, note, _ := strings.Cut(got, " here")
		if strings.TrimSpace(note) != c.want {
			t.Errorf("%q and %q: got %s, want %s", c.existing, c.wanted, got, c.want)
		}
	}
}
