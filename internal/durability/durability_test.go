package durability

import "testing"

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
