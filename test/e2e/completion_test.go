package e2e

import (
	"io"
	"os/exec"
	"testing"
	"time"
)

// bashCompletion is what the generated script needs of the package bash-completion, which a machine may
// not have: the words of the line as they are.
const bashCompletion = `_get_comp_words_by_ref() { words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD; cur=${words[cword]}; prev=${words[cword-1]}; }
`

// TestBashCompletes presses the tabulator key in a real bash: a batch's name is completed from Redis, and
// the line that comes of it runs.
func TestBashCompletes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enqueue(t, "apply", exampleFile(t))
	rc := w.writeText(t, "bashrc", bashCompletion+"source <(enqueue completion bash)\nPS1='ready> '\n")
	bash := w.onTerminal(t, 120, exec.Command("bash", "--noprofile", "--rcfile", rc, "-i"))
	bash.await(t, "ready> ")
	for _, step := range []struct{ keys, shows string }{
		{"enqueue results ha\t", "enqueue results havips "},
		{"--st\t", "--state "},
		{"que\t", "queued"},
		{"\n", "db-primary  queued"},
		{"enqueue pause de\t", "enqueue pause default/bj "},
		{"\n", "lane default/bj is paused: "},
		{"exit\n", "exit"},
	} {
		if _, err := io.WriteString(bash.keys, step.keys); err != nil {
			t.Fatal(err)
		}
		bash.await(t, step.shows)
	}
	bash.wait(t)
}

// TestCompletionOfADeafRedis: who presses the tabulator key waits for a moment, and is not told why there is
// nothing.
func TestCompletionOfADeafRedis(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.redis.Stop()
	t.Cleanup(w.redis.Resume)
	began := time.Now()
	p := w.start(t, "enqueue", "__completeNoDesc", "results", "")
	if code := p.wait(t, patience); code != 0 || p.stdout.String() != ":4\n" {
		t.Errorf("exit code %d: %q", code, p.stdout)
	}
	// Without an end of its own, it would wait for as long as a command does: five seconds.
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("it took %s", took)
	}
}
