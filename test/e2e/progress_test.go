package e2e

import (
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"havip/internal/progress"
	"havip/test/screentest"
)

var (
	// barLine and belowBar are the two lines of a batch's progress.
	barLine  = regexp.MustCompile(`^\S+ .*\d+% \|.*\| \(\d+/40\)$`)
	belowBar = regexp.MustCompile(`^(.* · )?(unknown for \d+[smh]; )?\d+ (rejected|unknown|waiting|queued|sending|created|[a-z]*…$)`) // a narrow terminal cuts the end
)

// TestProgressFitsTheTerminal follows a batch with failures and a doubt on terminals of several widths: there
// is one bar at any moment, with the counts and the oldest doubt below, and nothing remains of either. Each
// call waits for the test, so that the screens come to rest.
func TestProgressFitsTheTerminal(t *testing.T) {
	t.Parallel()
	const batch = "a-name-of-a-batch-that-is-rather-long-for-a-terminal"
	w := newStack(t, "--faults", "create:gate-before,create:answer=x2:400/BadParameters,create:error-500=x1")
	w.env = append(w.env, longRequests)
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rowsOf(40)))
	var terms []*terminal
	for _, columns := range []uint16{60, 80, 120} {
		terms = append(terms, w.terminalOf(t, columns, "watch", batch))
	}
	awaitBar(t, terms, `(0/40)`, `^40 queued$`)
	w.worker(t, "--concurrency", "1")
	for range 2 {
		w.awaitGate(t, 1)
		w.openGate(t)
	}
	w.awaitGate(t, 1)
	awaitBar(t, terms, `(2/40)`, `(^|· )2 rejected, 37 queued, 1 sending$|· 2 rej.*…$`)
	w.openGate(t)
	w.awaitGate(t, 1)
	awaitBar(t, terms, `(2/40)`, `(^|· )unknown for \d+[smh]; 2 rej`)
	w.faults(t, fault("create:gate-before", 30, 30))
	w.openGate(t)
	awaitPace(t, terms[1:]) // the narrowest has no room for every pace
	w.awaitGate(t, 1)
	awaitBar(t, terms, `|█`, `( created|…)$`)
	w.endFaults(t)
	for _, term := range terms {
		if code := term.wait(t); code != 0 {
			t.Fatalf("exit code %d", code)
		}
		requireCalmScreen(t, term)
	}
}

// awaitBar waits until each terminal ends with a bar that has this, above a line that matches.
func awaitBar(t *testing.T, terms []*terminal, has, below string) {
	t.Helper()
	pattern := regexp.MustCompile(below)
	for _, term := range terms {
		eventually(t, has+" above "+below, func() bool {
			lines := term.lines()
			n := len(lines)
			return n > 1 && barLine.MatchString(lines[n-2]) && strings.Contains(lines[n-2], has) && pattern.MatchString(lines[n-1])
		})
	}
}

// awaitPace waits until each terminal has shown how fast the batch goes on, and how long the rest takes.
func awaitPace(t *testing.T, terms []*terminal) {
	t.Helper()
	pace := regexp.MustCompile(`[\d.]+/(s|min|h) · (\d+[smhd])+ left · ends \d\d:\d\d`)
	for _, term := range terms {
		eventually(t, "a pace is shown", func() bool { return pace.MatchString(term.screen.String()) })
	}
}

// requireCalmScreen looks at the screen after each redraw, and at the end.
func requireCalmScreen(t *testing.T, term *terminal) {
	t.Helper()
	s := screentest.New(term.columns)
	s.Redrawn = func() {
		lines := s.Lines()
		i, j := slices.IndexFunc(lines, barLine.MatchString), slices.IndexFunc(lines, belowBar.MatchString)
		// For a moment after a line of talk, the line below the bar is alone.
		if alone := i < 0; j != len(lines)-1 || !alone && i != j-1 {
			t.Errorf("%d columns show:\n%s", term.columns, strings.Join(lines, "\n"))
		}
	}
	_, _ = io.WriteString(s, term.screen.String())
	for _, line := range s.Lines() {
		if barLine.MatchString(line) || belowBar.MatchString(line) {
			t.Errorf("what remains: %q", line)
		}
	}
}

// TestInterruptOnATerminal leaves the batch running and says how to come back.
func TestInterruptOnATerminal(t *testing.T) {
	t.Parallel()
	const batch = "going on"
	w := newStack(t, "--faults", fault("create:gate-before", 3, 3))
	w.env = append(w.env, longRequests)
	rows := rowsOf(20)
	w.enqueue(t, "apply", "--yes", "--batch", batch, w.write(t, "on.csv", rows))
	w.worker(t, "--concurrency", "1")
	w.awaitGate(t, 1)
	term := w.terminal(t, "watch", batch)
	eventually(t, "the batch is watched", func() bool { return slices.ContainsFunc(term.lines(), belowBar.MatchString) })
	term.press(t, ctrlC)
	if code := term.wait(t); code != 130 {
		t.Errorf("exit code %d", code)
	}
	lines := term.lines()
	golden(t, "TestInterruptOnATerminal", strings.Join(lines[max(0, len(lines)-2):], "\n")+"\n")
	w.endFaults(t)
	w.enqueue(t, "watch", batch, "--exit-status", "--timeout", patience.String())
	w.requireExactlyOnce(t, batch, rows)
}

// TestWatchIntoALog: what is no terminal gets a line now and then. That none comes without news is held by
// TestBarInALog.
func TestWatchIntoALog(t *testing.T) {
	t.Parallel()
	const batch = "logged"
	w := newStack(t, "--faults", fault("create:gate-before", 21, 21))
	w.env = append(w.env, longRequests)
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rowsOf(40)))
	begun := time.Now()
	p := w.start(t, "enqueue", "watch", batch)
	p.awaitText(t, batch+": ")                      // what is done before it looks has no speed
	w.worker(t, "--concurrency", "1", "--rps", "8") // a rate is known after the first second
	eventually(t, "a line of progress", func() bool { return progressLine.MatchString(p.stderr.String()) })
	w.endFaults(t)
	if code := p.wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if lines := strings.Count(p.stderr.String(), batch+": "); lines > int(time.Since(begun)/progress.LineEvery) {
		t.Errorf("%d lines in %s:\n%s", lines, time.Since(begun), p.stderr)
	}
}

var progressLine = regexp.MustCompile(`(?m)^logged: \d+/40 · \d+ % · [\d.]+/(s|min|h).* · \S+ left · ends \d\d:\d\d: .*\d+ queued`)
