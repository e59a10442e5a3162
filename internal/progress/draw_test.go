package progress

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"

	"havip/test/screentest"
)

// terminal is a terminal with its screen.
type terminal struct {
	*screentest.Screen
	// keyboard is the user's side, and tty the program's.
	keyboard, tty *os.File
}

func newTerminal(t *testing.T, columns int) *terminal {
	t.Helper()
	keyboard, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = tty.Close(), keyboard.Close() })
	if err := pty.Setsize(tty, &pty.Winsize{Rows: 24, Cols: uint16(columns)}); err != nil {
		t.Fatal(err)
	}
	return &terminal{Screen: screentest.New(columns), keyboard: keyboard, tty: tty}
}

// shows returns the lines on the screen after all output has arrived.
func (term *terminal) shows(t *testing.T) []string {
	t.Helper()
	const end = "\x05" // never shown
	if _, err := term.tty.WriteString(end); err != nil {
		t.Fatal(err)
	}
	for buffer := make([]byte, 4096); ; {
		n, err := term.keyboard.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		text, found := bytes.CutSuffix(buffer[:n], []byte(end))
		_, _ = term.Write(text)
		if found {
			return term.Lines()
		}
	}
}

// A bar and the line below it fit terminals of any width. There is never more than one bar, and nothing
// remains of it.
func TestBarFitsTheTerminal(t *testing.T) {
	t.Parallel()
	for columns, want := range map[int][]string{
		60: {
			"a-name-of-a-batch-that-is-rathe…   4% |            | (2/42)",
			"40 queued",
			"a-name-of-a-batch-that-is-rathe…  54% |█████      | (23/42)",
			"11/s · 1s left · ends HH:MM · unknown for 12s; 2 rejected,…",
			"a-name-of-a-batch-that-is-rathe…  54% |█████      | (23/42)",
			"7.0/s · 2s left · ends HH:MM · unknown for 13s; 2 rejected",
			"a-name-of-a-batch-that-is-rathe…  97% |██████████ | (41/42)",
			"9.8/s · 0s left · ends HH:MM · 2 rejected",
		},
		80: {
			"a-name-of-a-batch-that-is-rather-long-for-a-terminal   4% |            | (2/42)",
			"40 queued",
			"a-name-of-a-batch-that-is-rather-long-for-a-terminal  54% |█████      | (23/42)",
			"11/s · 1s left · ends HH:MM · unknown for 12s; 2 rejected, 10 unknown, 9 queue…",
			"a-name-of-a-batch-that-is-rather-long-for-a-terminal  54% |█████      | (23/42)",
			"7.0/s · 2s left · ends HH:MM · unknown for 13s; 2 rejected",
			"a-name-of-a-batch-that-is-rather-long-for-a-terminal  97% |██████████ | (41/42)",
			"9.8/s · 0s left · ends HH:MM · 2 rejected",
		},
		120: {
			"a-name-of-a-batch-that-is-rather-long-for-a-terminal   4% |█                             | (2/42)",
			"40 queued",
			"a-name-of-a-batch-that-is-rather-long-for-a-terminal  54% |████████████████              | (23/42)",
			"11/s · 1s left · ends HH:MM · unknown for 12s; 2 rejected, 10 unknown, 9 queued, 19 created, and more than there is ro…",
			"a-name-of-a-batch-that-is-rather-long-for-a-terminal  54% |████████████████              | (23/42)",
			"7.0/s · 2s left · ends HH:MM · unknown for 13s; 2 rejected",
			"a-name-of-a-batch-that-is-rather-long-for-a-terminal  97% |█████████████████████████████ | (41/42)",
			"9.8/s · 0s left · ends HH:MM · 2 rejected",
		},
	} {
		t.Run(strconv.Itoa(columns), func(t *testing.T) {
			t.Parallel()
			term := newTerminal(t, columns)
			synctest.Test(t, func(t *testing.T) { watchBar(t, term, want) })
		})
	}
}

// watchBar shows a bar, and compares both of its lines after each step.
func watchBar(t *testing.T, term *terminal, want []string) {
	t.Helper()
	term.Redrawn = func() {
		if bars := len(barLine.FindAllString(strings.Join(term.Lines(), "\n"), -1)); bars != 1 {
			t.Errorf("%d bars: %q", bars, term.Lines())
		}
	}
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(term.tty, format+"\n", args...) }
	bar := Display{Terminal: term.tty, Draw: true, ANSI: true, Say: say}.Bar("a-name-of-a-batch-that-is-rather-long-for-a-terminal", 42)
	var got []string
	for _, step := range []struct {
		n           int64
		news, aging string
	}{
		{2, "40 queued", ""},
		{23, "2 rejected, 10 unknown, 9 queued, 19 created, and more than there is room for in narrow terminals", "unknown for 12s"},
		{23, "2 rejected", "unknown for 13s"},
		{41, "2 rejected", ""},
	} {
		bar.Tell(step.n, step.news, step.aging)
		<-time.After(time.Second)
		bar.Tell(step.n, step.news, step.aging)
		for _, line := range term.shows(t) {
			got = append(got, clock.ReplaceAllString(line, "ends HH:MM"))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	bar.Above(func() { say("redis is away") })
	if lines := term.shows(t); len(lines) != 3 || lines[0] != "redis is away" || !barLine.MatchString(lines[1]) {
		t.Errorf("with a line above the bar: %q", lines)
	}
	bar.Interrupt("lane %s is paused", "default/bj")
	<-time.After(drawEvery)
	bar.Tell(41, "2 rejected", "")
	bar.Tell(42, "2 rejected", "")
	bar.Finish()
	if diff := cmp.Diff([]string{"redis is away", "lane default/bj is paused"}, term.shows(t)); diff != "" {
		t.Errorf("what remains: %s", diff)
	}
}

// clock is local time.
var clock = regexp.MustCompile(`ends \d\d:\d\d`)

var barLine = regexp.MustCompile(`\d+% \|.*\| \(\d+/\d+\)`)
