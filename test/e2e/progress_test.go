package e2e

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

var (
	// barLine and belowBar are the two lines of a batch's progress.
	barLine  = regexp.MustCompile(`^\S+ .*\d+% \|.*\| \(\d+/40\)$`)
	belowBar = regexp.MustCompile(`^(in doubt for \d+s; )?\d+ (rejected|unknown|waiting|queued|sending|created)`)
)

// TestProgressFitsTheTerminal follows a batch with failures and doubts on terminals of several widths: there
// is one bar at any moment, with the counts and the oldest doubt below, and nothing remains of either.
func TestProgressFitsTheTerminal(t *testing.T) {
	t.Parallel()
	for _, columns := range []uint16{60, 80, 120} {
		t.Run(strconv.Itoa(int(columns)), func(t *testing.T) {
			t.Parallel()
			const batch = "a-name-of-a-batch-that-is-rather-long-for-a-terminal"
			w := newWorld(t, "--latency", "300ms", "--faults", "create:answer=x2:400/BadParameters,create:error-500=x8")
			w.enqueue(t, "apply", w.write(t, batch+".csv", rowsOf(40)))
			w.worker(t, "--concurrency", "2")
			term := w.terminalOf(t, columns, "watch", batch)
			if code := term.wait(t); code != 0 {
				t.Fatalf("exit code %d", code)
			}
			seen := requireCalmScreen(t, int(columns), term.screen.String())
			for _, want := range []string{"2 rejected", "in doubt for ", "/s, ", "s left", "|█", " created"} {
				if !strings.Contains(seen, want) {
					t.Errorf("never shown: %q", want)
				}
			}
		})
	}
}

// requireCalmScreen looks at the screen after each change, and returns all that was ever to be seen.
func requireCalmScreen(t *testing.T, columns int, text string) string {
	t.Helper()
	s := &screen{width: columns}
	var all []string
	s.show(text, func() {
		lines := s.lines()
		if len(lines) < 2 || len(lines) > 4 || !barLine.MatchString(lines[len(lines)-2]) || !belowBar.MatchString(lines[len(lines)-1]) {
			t.Errorf("%d columns show:\n%s", columns, strings.Join(lines, "\n"))
		}
		all = append(all, lines...)
	})
	if len(all) == 0 {
		t.Fatal("nothing was shown")
	}
	t.Logf("midway:\n%s", strings.Join(all[len(all)/4*2:len(all)/4*2+2], "\n"))
	for _, line := range s.lines() {
		if barLine.MatchString(line) || belowBar.MatchString(line) {
			t.Errorf("what remains: %q", line)
		}
	}
	return strings.Join(all, "\n")
}

// TestInterruptOnATerminal leaves the batch running and says how to come back.
func TestInterruptOnATerminal(t *testing.T) {
	t.Parallel()
	const batch = "going on"
	w := newWorld(t, "--latency", "500ms")
	rows := rowsOf(20)
	w.enqueue(t, "apply", "--batch", batch, w.write(t, "on.csv", rows))
	w.worker(t, "--concurrency", "2")
	term := w.terminal(t, "watch", batch)
	term.await(t, " created")
	if _, err := term.keys.Write([]byte{3}); err != nil { // Ctrl-C
		t.Fatal(err)
	}
	if code := term.wait(t); code != 130 || !strings.Contains(term.screen.String(), "come back with `enqueue watch 'going on'`") {
		t.Errorf("exit code %d: %q", code, term.screen)
	}
	w.enqueue(t, "watch", batch, "--exit-status", "--timeout", recovery.String())
	w.requireExactlyOnce(t, batch, rows)
}

// TestWatchIntoALog: what is no terminal gets a line now and then, and only when there is news.
func TestWatchIntoALog(t *testing.T) {
	t.Parallel()
	const batch = "logged"
	w := newWorld(t, "--latency", "600ms")
	w.enqueue(t, "apply", w.write(t, batch+".csv", rowsOf(40)))
	w.worker(t, "--concurrency", "2")
	begun := time.Now()
	text := w.enqueue(t, "watch", batch).stderr.String()
	if lines := strings.Count(text, "\n"); lines > int(time.Since(begun)/(5*time.Second)) || !progressLine.MatchString(text) {
		t.Errorf("%d lines in %s:\n%s", lines, time.Since(begun), text)
	}
	w.enqueue(t, "pause", "default/bj")
	w.enqueue(t, "apply", "--batch", "quiet", w.write(t, "quiet.csv", rowsOf(3)[1:]))
	p := w.start(t, "enqueue", "watch", "quiet", "--timeout", "12s")
	if code := p.wait(t, patience); code != 8 || strings.Count(p.stderr.String(), "quiet: ") > 1 {
		t.Errorf("exit code %d: %s", code, p.stderr)
	}
}

var progressLine = regexp.MustCompile(`(?m)^logged: \d+ of 40, \d+/(s|min), \d+[sm] left: \d+ queued, \d+ sending, \d+ created$`)
