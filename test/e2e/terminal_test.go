package e2e

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"havip/test/screentest"
)

// terminal runs a program on a terminal of its own, on all three of its streams.
type terminal struct {
	cmd     *exec.Cmd
	columns int
	// screen is all that was ever written to it.
	screen *output
	keys   io.Writer
	done   chan struct{}
}

func (w *stack) terminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	return w.terminalOf(t, 120, args...)
}

// terminalOf is terminal with a screen of so many columns.
func (w *stack) terminalOf(t *testing.T, columns uint16, args ...string) *terminal {
	t.Helper()
	return w.onTerminal(t, columns, exec.Command(program("enqueue"), args...))
}

// onTerminal runs any command.
func (w *stack) onTerminal(t *testing.T, columns uint16, cmd *exec.Cmd) *terminal {
	t.Helper()
	cmd.Env, cmd.Dir = append(w.env, "TERM=xterm-256color"), w.dir
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: columns})
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{cmd: cmd, columns: int(columns), screen: newOutput(), keys: file, done: make(chan struct{})}
	go func() {
		defer close(term.done)
		_, _ = io.Copy(term.screen, file) // ends with an error when the terminal's other side closes
		_ = cmd.Wait()                    // its result is in ProcessState
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-term.done
		_ = file.Close()
		if t.Failed() || strings.Contains(term.screen.String(), "DATA RACE") {
			t.Errorf("%v:\n%q", cmd.Args, tail(term.screen.String()))
		}
	})
	return term
}

// await waits until the screen has shown the text.
func (term *terminal) await(t *testing.T, text string) {
	t.Helper()
	eventually(t, "the terminal shows "+text, func() bool { return strings.Contains(term.screen.String(), text) })
}

// answer waits for a question, and answers it.
func (term *terminal) answer(t *testing.T, keys string) {
	t.Helper()
	term.await(t, question)
	term.press(t, keys)
}

// press is what somebody does at the keyboard.
func (term *terminal) press(t *testing.T, keys string) {
	t.Helper()
	if _, err := io.WriteString(term.keys, keys); err != nil {
		t.Fatal(err)
	}
}

const ctrlC = "\x03"

// lines are what is to be seen now.
func (term *terminal) lines() []string {
	s := screentest.New(term.columns)
	_, _ = io.WriteString(s, term.screen.String())
	return s.Lines()
}

// text is lines, for a golden file.
func (term *terminal) text() string { return strings.Join(term.lines(), "\n") + "\n" }

// wait returns the exit code once the program has ended.
func (term *terminal) wait(t *testing.T) int {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-term.done:
	case <-timer.C:
		t.Fatalf("%v has not ended after %s", term.cmd.Args, patience)
	}
	return term.cmd.ProcessState.ExitCode()
}

func exampleFile(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "examples", "havips.csv"))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var (
	bar   = regexp.MustCompile(`\(\d/9\)$`)
	color = regexp.MustCompile("\x1b\\[[0-9;]*m")
)

// TestTerminalRun looks at what a person sees of a run: a bar while it lasts, then the table.
func TestTerminalRun(t *testing.T) {
	t.Parallel()
	w := newStack(t, "--faults", fault("create:gate-before", 2, 9))
	w.env = append(without(w.env, "HAVIP_REDIS_URL"), longRequests)
	term := w.terminal(t, "run", "--yes", exampleFile(t))
	eventually(t, "a progress bar", func() bool { return slices.ContainsFunc(term.lines(), bar.MatchString) })
	w.awaitGate(t, 8)
	w.openGate(t)
	if code := term.wait(t); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	screen := color.ReplaceAllString(term.screen.String(), "")
	begin := strings.Index(screen, "KEY ")
	if begin < 0 || strings.Contains(screen[begin:], "\x1b") {
		t.Fatal("there is no table, or it has another escape sequence than for color")
	}
	for _, result := range w.ownResults(t) {
		if !slices.ContainsFunc(term.lines(), func(line string) bool {
			return strings.HasPrefix(line, result.Key+" ") && strings.Contains(line, result.HaVIPID) && strings.Contains(line, result.Address)
		}) {
			t.Errorf("the screen lacks %+v", result)
		}
	}
}

// ownResults are those of the example's batch in the store that run has brought along, by running it again.
func (w *stack) ownResults(t *testing.T) []result {
	t.Helper()
	again := parseResults(t, w.enqueue(t, "run", "--yes", exampleFile(t), "-o", "ndjson").stdout.String())
	if len(again) != 9 {
		t.Fatalf("%d results, want 9", len(again))
	}
	return again
}

// TestNoColor: neither a terminal with NO_COLOR nor a pipe gets any color, and a pipe no
// escape sequence and no carriage return of any kind.
func TestNoColor(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	faults := []string{"run", "--sandbox", "--faults", "create:error-500=x1", "--log-level", "trace", exampleFile(t)}
	piped, colored := w.start(t, "enqueue", faults...), w.terminal(t, faults...)
	w.env = append(w.env, "NO_COLOR=1")
	plain := w.terminal(t, faults...)
	if code := piped.wait(t); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	if text := piped.stdout.String() + piped.stderr.String(); strings.ContainsAny(text, "\x1b\r") {
		t.Errorf("a pipe gets escape sequences: %q", text)
	}
	if code := colored.wait(t); code != 0 || !color.MatchString(colored.screen.String()) {
		t.Fatalf("exit code %d; a terminal gets no colors, so there are none to be turned off", code)
	}
	if code := plain.wait(t); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	if found := color.FindString(plain.screen.String()); found != "" {
		t.Errorf("NO_COLOR is set, and yet there is %q", found)
	}
}

// TestConfirmation asks on a terminal, and takes no for an answer.
func TestConfirmation(t *testing.T) {
	t.Parallel()
	w := newStack(t)
	for _, answer := range []string{"n", "", "nonsense"} {
		term := w.terminal(t, "apply", exampleFile(t))
		term.answer(t, answer+"\n")
		if code := term.wait(t); code != 130 {
			t.Errorf("answer %q: exit code %d", answer, code)
		}
		if answer == "n" {
			golden(t, "TestConfirmation", term.text())
		}
	}
	if n, err := w.redis.Client(t).DBSize(t.Context()).Result(); err != nil || n != 0 {
		t.Errorf("after a no, Redis has %d keys: %v", n, err)
	}
	yes := w.terminal(t, "apply", exampleFile(t))
	yes.answer(t, "y\n")
	if code := yes.wait(t); code != 0 || w.standing(t, "havips").Total != 9 {
		t.Errorf("answer y: exit code %d", code)
	}
	// Neither asks: there is nobody to answer.
	if code := w.terminal(t, "apply", "--yes", "--allow-duplicates", "--batch", "unasked", exampleFile(t)).wait(t); code != 0 || w.standing(t, "unasked").Total != 9 {
		t.Errorf("--yes: exit code %d", code)
	}
}

// TestConfirmationNeedsTerminal: without one there is nobody to ask, and nothing is enqueued.
func TestConfirmationNeedsTerminal(t *testing.T) {
	t.Parallel()
	w := newStack(t)
	devNull, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = devNull.Close() })
	p := start(t, command{program: "enqueue", args: []string{"apply", exampleFile(t)}, env: w.env, stdin: devNull})
	if code := p.wait(t); code != 2 {
		t.Errorf("exit code %d: %s", code, p.stderr)
	}
	if n, err := w.redis.Client(t).DBSize(t.Context()).Result(); err != nil || n != 0 {
		t.Errorf("Redis has %d keys: %v", n, err)
	}
}

// TestWaitingLineAboveTheBar: what is said while Redis is away stands above the bar, and the bar below it stays whole.
func TestWaitingLineAboveTheBar(t *testing.T) {
	t.Parallel()
	w := newStack(t)
	w.enqueue(t, "apply", "--yes", w.write(t, "b.csv", rowsOf(9)))
	term := w.terminalOf(t, 80, "watch", "b")
	eventually(t, "a progress bar", func() bool { return bars(term.lines()) == 1 })
	w.redis.Kill()
	term.await(t, "retrying")
	eventually(t, "the bar below", func() bool {
		lines := term.lines()
		return strings.HasPrefix(lines[0], `batch "b": redis `) && strings.HasSuffix(lines[len(lines)-3], "retrying") && bar.MatchString(lines[len(lines)-2])
	})
	w.redis.Restart(t)
	w.worker(t)
	if code := term.wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if n := bars(term.lines()); n != 0 {
		t.Errorf("%d bars remain: %q", n, term.lines())
	}
}

// bars counts the lines that end as a bar's does.
func bars(lines []string) (n int) {
	for _, line := range lines {
		if bar.MatchString(line) {
			n++
		}
	}
	return n
}
