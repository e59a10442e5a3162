package shell

import "testing"

// Commands in messages are copied into shells.
func TestQuote(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"havips-2026.csv": "havips-2026.csv", "北京": "北京", "": "''", "a b": "'a b'",
		"a; rm x": "'a; rm x'", "it's": `'it'\''s'`, "$(x)": "'$(x)'",
	} {
		if got := Quote(word); got != want {
			t.Errorf("%q: got %s, want %s", word, got, want)
		}
	}
}
