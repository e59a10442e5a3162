package e2e

import (
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
)

// TestScreens looks at tables on terminals from narrow to wide: no line runs over, and what is told of a
// failure or given as a reason is there to its end.
func TestScreens(t *testing.T) {
	t.Parallel()
	const reason = "子网错误, and more to say about it than any terminal has room for on a line"
	w := newStack(t, "--faults", "create:answer=#2:400/PrivateIpInUse")
	w.enqueue(t, "apply", "--yes", w.writeText(t, "screens.csv", "key,name,subnetId\nweb-1,vip-1,sbn-a\n出口网关,出口,sbn-a\nthird,vip-3,sbn-a\n"))
	w.enqueue(t, "cancel", "screens", "--where", "key=third", "--yes", "--reason", reason)
	w.worker(t, "--concurrency", "1")
	w.enqueue(t, "watch", "screens", "--timeout", patience.String())
	for _, columns := range []uint16{60, 80, 120, 200} {
		for _, look := range []struct {
			args []string
			has  []string
		}{
			{[]string{"results", "screens"}, []string{"PrivateIpInUse: as the fault's rule says", reason, "出口网关", "third"}},
			{[]string{"results", "screens", "--attempts"}, []string{"PrivateIpInUse: as the fault's rule says", reason, "#1"}},
			{[]string{"list"}, nil},
			{[]string{"events", "screens"}, []string{reason, "出口网关", "PrivateIpInUse"}},
		} {
			term := w.terminalOf(t, columns, look.args...)
			if code := term.wait(t); code != 0 {
				t.Fatalf("%v on %d columns: exit code %d", look.args, columns, code)
			}
			if look.args[0] == "list" && columns == 60 {
				golden(t, "TestScreens", term.text())
			}
			screen := strings.ReplaceAll(color.ReplaceAllString(term.screen.String(), ""), "\r", "")
			for line := range strings.Lines(screen) {
				if n := runewidth.StringWidth(strings.TrimSuffix(line, "\n")); n > int(columns) {
					t.Errorf("%v on %d columns: a line has %d: %q", look.args, columns, n, line)
				}
			}
			for _, want := range look.has {
				if !strings.Contains(strings.Join(strings.Fields(screen), " "), want) {
					t.Errorf("%v on %d columns: %q is missing or cut:\n%s", look.args, columns, want, screen)
				}
			}
		}
	}
}
