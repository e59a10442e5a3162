package e2e

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// terminal runs a program on a terminal of its own, on all three of its streams.
type terminal struct {
	cmd    *exec.Cmd
	screen *output
	keys   io.Writer
	done   chan struct{}
}

func (w *world) terminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	return w.terminalOf(t, 120, args...)
}

// terminalOf is terminal with a screen of so many columns.
func (w *world) terminalOf(t *testing.T, columns uint16, args ...string) *terminal {
	t.Helper()
	return w.onTerminal(t, columns, exec.Command(program("enqueue"), args...))
}

// onTerminal runs any command.
func (w *world) onTerminal(t *testing.T, columns uint16, cmd *exec.Cmd) *terminal {
	t.Helper()
	cmd.Env, cmd.Dir = append(w.env, "TERM=xterm-256color"), w.dir
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: columns})
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{cmd: cmd, screen: newOutput(), keys: file, done: make(chan struct{})}
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
			t.Errorf("%v:\n%q", cmd.Args, term.screen)
		}
	})
	return term
}

// await waits until the screen has shown the text.
func (term *terminal) await(t *testing.T, text string) {
	t.Helper()
	eventually(t, "the terminal shows "+text, func() bool { return strings.Contains(term.screen.String(), text) })
}

func (term *terminal) wait(t *testing.T) int {
	t.Helper()
	eventually(t, "the program ends", func() bool {
		select {
		case <-term.done:
			return true
		default:
			return false
		}
	})
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
	bar    = regexp.MustCompile(`\(\d/9[,)]`)
	colour = regexp.MustCompile("\x1b\\[[0-9;]*m")
)

// TestTerminalRun looks at what a person sees: a bar while it lasts, then the table.
func TestTerminalRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	term := w.terminal(t, "run", "--sandbox", "--faults", "create:stall-after=#9:1500ms", exampleFile(t))
	eventually(t, "a progress bar", func() bool { return bar.MatchString(term.screen.String()) })
	if code := term.wait(t); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	screen := term.screen.String()
	for _, want := range []string{"KEY ", "HAVIP ", "db-primary", "192.168.0.10", "9 created", "This was a simulation"} {
		if !strings.Contains(screen, want) {
			t.Errorf("the screen lacks %q", want)
		}
	}
	for line := range strings.Lines(screen[strings.Index(screen, "KEY "):]) {
		if strings.Contains(line, "\x1b") {
			t.Errorf("the table has an escape sequence: %q", line)
		}
	}
}

// TestNoColor: neither a terminal with NO_COLOR nor a pipe gets any colour, and a pipe no
// escape sequence and no carriage return of any kind.
func TestNoColor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	faults := []string{"run", "--sandbox", "--faults", "create:error-500=x3", "--log-level", "trace", exampleFile(t)}
	piped := w.enqueue(t, faults...)
	if text := piped.stdout.String() + piped.stderr.String(); strings.ContainsAny(text, "\x1b\r") {
		t.Errorf("a pipe gets escape sequences: %q", text)
	}
	coloured := w.terminal(t, faults...)
	if code := coloured.wait(t); code != 0 || !colour.MatchString(coloured.screen.String()) {
		t.Fatalf("exit code %d; a terminal gets no colours, so there are none to be turned off", code)
	}
	w.env = append(w.env, "NO_COLOR=1")
	plain := w.terminal(t, faults...)
	if code := plain.wait(t); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	if found := colour.FindString(plain.screen.String()); found != "" {
		t.Errorf("NO_COLOR is set, and yet there is %q", found)
	}
}

// TestConfirmation asks on a terminal, and takes no for an answer.
func TestConfirmation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, answer := range []string{"n", "", "nonsense"} {
		term := w.terminal(t, "apply", exampleFile(t))
		term.await(t, "Enqueue them? [y/N]")
		if _, err := io.WriteString(term.keys, answer+"\n"); err != nil {
			t.Fatal(err)
		}
		if code := term.wait(t); code != 130 || !strings.Contains(term.screen.String(), "nothing was enqueued") {
			t.Errorf("answer %q: exit code %d", answer, code)
		}
	}
	if n, err := w.redis.Client(t).DBSize(t.Context()).Result(); err != nil || n != 0 {
		t.Errorf("after a no, Redis has %d keys: %v", n, err)
	}
	yes := w.terminal(t, "apply", exampleFile(t))
	yes.await(t, "Enqueue them? [y/N]")
	if _, err := io.WriteString(yes.keys, "y\n"); err != nil {
		t.Fatal(err)
	}
	if code := yes.wait(t); code != 0 || !strings.Contains(yes.screen.String(), "9 items enqueued") {
		t.Errorf("answer y: exit code %d", code)
	}
	if code := w.terminal(t, "apply", "--yes", exampleFile(t)).wait(t); code != 0 {
		t.Errorf("--yes: exit code %d", code)
	}
}

// TestConfirmationNeedsTerminal: without one there is nobody to ask.
func TestConfirmationNeedsTerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	devNull, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = devNull.Close() })
	p := start(t, command{program: "enqueue", args: []string{"apply", exampleFile(t)}, env: w.env, stdin: devNull})
	if code := p.wait(t, patience); code != 0 || !strings.Contains(p.stderr.String(), "9 items enqueued") {
		t.Errorf("exit code %d: %s", code, p.stderr)
	}
}
