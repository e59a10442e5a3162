package e2e

import (
	"os/exec"
	"strings"
	"testing"

	"havip/internal/lane"
)

// bashCompletion is what the generated script needs of the package bash-completion, which a machine may
// not have: the words of the line as they are.
const bashCompletion = `_get_comp_words_by_ref() { words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD; cur=${words[cword]}; prev=${words[cword-1]}; }
`

// TestBashCompletes presses the tabulator key in a real bash: a batch's name is completed from Redis, and
// the line that comes of it runs.
func TestBashCompletes(t *testing.T) {
	t.Parallel()
	w := newStack(t)
	w.enqueue(t, "apply", "--yes", exampleFile(t))
	rc := w.writeText(t, "bashrc", bashCompletion+"source <(enqueue completion bash)\nPS1='ready> '\n")
	bash := w.onTerminal(t, 120, exec.Command("bash", "--noprofile", "--rcfile", rc, "-i"))
	bash.await(t, "ready> ")
	bash.complete(t, "enqueue results ha\t", "enqueue results havips ")
	bash.complete(t, "--state que\t", "--state queued")
	bash.press(t, "\n")
	bash.await(t, "db-vip          queued")
	bash.complete(t, "enqueue pause de\t", "enqueue pause default/bj ")
	bash.press(t, "\n")
	eventually(t, "the lane is paused", func() bool {
		pause, err := lane.NewOperator(w.redis.Client(t), "default/bj").Paused(t.Context())
		return err == nil && pause != nil
	})
	bash.press(t, "exit\n")
	bash.wait(t)
}

// complete presses keys of which the last is the tabulator, and waits for what that makes of the line. The
// bell says that there was nothing to offer: Redis did not answer in time, and the key is pressed again.
func (term *terminal) complete(t *testing.T, keys, shows string) {
	t.Helper()
	heard := strings.Count(term.screen.String(), "\a")
	term.press(t, keys)
	eventually(t, "the line becomes "+shows, func() bool {
		screen := term.screen.String()
		if bells := strings.Count(screen, "\a"); bells > heard {
			heard = bells
			term.press(t, "\t")
		}
		return strings.Contains(screen, shows)
	})
}

// TestCompletionOfADeafRedis: who presses the tabulator key waits for a moment, and is not told why there is
// nothing. Nothing but that moment's end ends the wait here.
func TestCompletionOfADeafRedis(t *testing.T) {
	t.Parallel()
	w := newStack(t)
	w.env = append(w.env, "HAVIP_REDIS_URL="+w.redis.URL()+"?dial_timeout=1h&read_timeout=1h&write_timeout=1h")
	w.redis.Stop()
	t.Cleanup(w.redis.Resume)
	p := w.start(t, "enqueue", "__completeNoDesc", "results", "")
	if code := p.wait(t); code != 0 || p.stdout.String() != ":4\n" {
		t.Errorf("exit code %d: %q", code, p.stdout)
	}
}
