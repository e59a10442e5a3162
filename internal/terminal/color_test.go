package terminal

import (
	"bytes"
	"testing"
)

// A flag wins over the environment; without a terminal there are no colors by themselves.
func TestColors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		mode colorMode
		env  map[string]string
		want bool
	}{
		{colorAuto, nil, false},
		{colorAuto, map[string]string{"CLICOLOR_FORCE": "1"}, true},
		{colorAuto, map[string]string{"CLICOLOR_FORCE": "0"}, false},
		{colorAuto, map[string]string{"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, false},
		{colorAlways, map[string]string{"NO_COLOR": "1"}, true},
		{colorNever, map[string]string{"CLICOLOR_FORCE": "1"}, false},
	} {
		io := New(nil, &bytes.Buffer{}, nil, func(name string) string { return test.env[name] })
		io.Color = test.mode
		if got := io.colors(); got != test.want {
			t.Errorf("%s with %v: %t", test.mode, test.env, got)
		}
	}
}

func TestColorFlag(t *testing.T) {
	t.Parallel()
	m := colorAuto
	if err := m.Set("sometimes"); err == nil || m != colorAuto {
		t.Errorf("%v, %s", err, m)
	}
	if err := m.Set("never"); err != nil || m != colorNever {
		t.Errorf("%v, %s", err, m)
	}
}
