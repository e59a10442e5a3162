package shell

import "testing"

func TestOperand(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		word    string
		options []string
		want    string
	}{
		{"b", nil, "b"},
		{"a b", []string{"--state", "created"}, "'a b' --state created"},
		{"-b", nil, "-- -b"},
		{"-a b", []string{"--state created"}, "--state created -- '-a b'"},
		{"-", []string{"--batch", "b"}, "- --batch b"},
	} {
		if got := Operand(test.word, test.options...); got != test.want {
			t.Errorf("%q %q: got %s, want %s", test.word, test.options, got, test.want)
		}
	}
}

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
