package durability

import (
	"context"
	"strings"
	"testing"

	"havip/internal/cli"
	"havip/internal/session"
	"havip/test/redistest"
)

// A command that is interrupted after its writes, before they are verified, says what to run again.
func TestChange_endedBeforeVerified(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := session.New(server.Client(t), func() {})
	s.URL = server.URL()
	f := &session.Factory{Args: []string{"apply", "b.csv", "--wait"}}
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	err := (&Verifier{AllowUnverified: true}).Change(ctx, f, s, Batch("b"), func() error { interrupt(); return nil })
	if cli.CodeOf(err) != cli.ExitInterrupted || !strings.Contains(err.Error(), "`enqueue apply b.csv --wait`") {
		t.Errorf("%v; want exit code 130, and the command to run again", err)
	}
}

// The command to repeat is what was run, for a shell, and no password.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"enqueue apply 'my file.csv' --batch b":                                   {"apply", "my file.csv", "--batch", "b"},
		"enqueue cancel b --where 'code=It'\\''s' --yes":                          {"cancel", "b", "--where", "code=It's", "--yes"},
		"enqueue --redis redis://u:xxxxx@h:1/0 pause default/bj":                  {"--redis", "redis://u:secret@h:1/0", "pause", "default/bj"},
		"enqueue pause default/bj '--redis=redis://:xxxxx@h:1/0'":                 {"pause", "default/bj", "--redis=redis://:secret@h:1/0"},
		"enqueue --redis 'redis-sentinel://h/0?master=m&sentinel_password=xxxxx'": {"--redis", "redis-sentinel://h/0?master=m&sentinel_password=secret"},
		"enqueue apply f --on-complete 'curl https://h | mail a@b'":               {"apply", "f", "--on-complete", "curl https://h | mail a@b"},
	} {
		if got := commandLine(args); got != want {
			t.Errorf("%q\ngot  %s\nwant %s", args, got, want)
		}
	}
}
