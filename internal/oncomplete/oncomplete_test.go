package oncomplete

import (
	"testing"

	"github.com/spf13/pflag"

	"havip/internal/cli"
)

func TestParse(t *testing.T) {
	t.Parallel()
	const url, command = "https://ops.example.com/hook", "jq .data"
	for _, test := range []struct {
		text         string
		waits, store bool
		want         Action
		code         cli.ExitCode
	}{
		{url, false, true, Action{URL: url}, cli.ExitOK},
		{url, true, true, Action{URL: url}, cli.ExitOK},
		{command, true, true, Action{command: command}, cli.ExitOK},
		{command, true, false, Action{command: command}, cli.ExitOK},
		{command, false, true, Action{}, cli.ExitUsage}, // no process would run it
		{url, true, false, Action{}, cli.ExitUsage},     // no worker would learn of it
		{" ", true, true, Action{}, cli.ExitUsage},
		{"https://", true, true, Action{}, cli.ExitUsage},
	} {
		var text string
		f := pflag.NewFlagSet("", pflag.ContinueOnError)
		Define(f, &text, "")
		if got, err := Parse(f, text, test.waits, test.store); err != nil || got != (Action{}) {
			t.Errorf("not given: %v, %v", got, err)
		}
		if err := f.Set("on-complete", test.text); err != nil {
			t.Fatal(err)
		}
		got, err := Parse(f, text, test.waits, test.store)
		if got != test.want || cli.CodeOf(err) != test.code {
			t.Errorf("%+v: got %v, %v", test, got, err)
		}
	}
}
