package terminal

import (
	"bytes"
	"testing"
)

// A flag wins over the environment; without a terminal there are no colours by themselves.
func TestColours(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		mode colourMode
		env  map[string]string
		want bool
	}{
		{colourAuto, nil, false},
		{colourAuto, map[string]string{"CLICOLOR_FORCE": "1"}, true},
		{colourAuto, map[string]string{"CLICOLOR_FORCE": "0"}, false},
		{colourAuto, map[string]string{"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, false},
		{colourAlways, map[string]string{"NO_COLOR": "1"}, true},
		{colourNever, map[string]string{"CLICOLOR_FORCE": "1"}, false},
	} {
		io := New(nil, &bytes.Buffer{}, nil, func(name string) string { return test.env[name] })
		io.Colour = test.mode
		if got := io.colours(); got != test.want {
			t.Errorf("%s with %v: %t", test.mode, test.env, got)
		}
	}
}

func TestColourFlag(t *testing.T) {
	t.Parallel()
	m := colourAuto
	if err := m.Set("sometimes"); err == nil || m != colourAuto {
		t.Errorf("%v, %s", err, m)
	}
	if err := m.Set("never"); err != nil || m != colourNever {
		t.Errorf("%v, %s", err, m)
	}
}
