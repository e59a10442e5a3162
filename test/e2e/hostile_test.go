package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"havip/internal/lane"
	"havip/ledger"
)

// hostile is text that acts on a terminal which it is written to as it is: it turns colors around, sets the
// title, moves the cursor, changes the direction of what follows, and begins lines of its own.
const hostile = "x\x1b[7m\x1b]0;owned\a\u009b7m\u202eevil\u2066\u200f\x7f\b\b\rFORGED a\nFORGED b\u2028FORGED c\u0085FORGED d"

// ownSequences are what the programs themselves write on a terminal: colors of the log, and what clears
// the lines of a progress bar and returns to the first of them.
var ownSequences = regexp.MustCompile("\x1b\\[(0|1|2|3[1-7]|90)?m|\x1b\\[[02]?K|\x1b\\[J|\x1b\\[1?F")

// TestHostileText puts such text wherever text can be put, past every check that would refuse it, and looks
// at the screen of every command.
func TestHostileText(t *testing.T) {
	t.Parallel()
	w := newStack(t)
	server := httptest.NewServer(http.HandlerFunc(refuseWithHostileText))
	t.Cleanup(server.Close)
	w.env = slices.Clip(append(w.env, "BCE_ENDPOINT="+server.URL)) // terminals add to it, each for itself
	w.putHostileText(t)
	// A file may hold what turns text around, and nothing worse.
	file := w.writeText(t, hostileName+".csv", "key,name,subnetId,description\na,vip-a,sbn-a,x\u202eevil\u2066\u200f\n")
	broken := w.writeText(t, hostileName+"-broken.csv", fmt.Sprintf("key,name,subnetId,%s\n%q,%[2]q,%[2]q,\n", hostileName, hostile))
	watch := w.terminal(t, "watch", hostile)
	t.Run("reads and mistakes", func(t *testing.T) {
		for i, args := range slices.Concat(hostileReads, hostileMistakes) {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				w.harmless(t, args...)
			})
		}
	})
	// Nothing happens, and so it comes to tell why.
	watch.await(t, sayIncomplete)
	watch.press(t, ctrlC)
	watch.wait(t)
	requireHarmless(t, "watch", watch.screen.String())
	for _, args := range slices.Concat(hostileVerbs, hostileFiles(file, broken, w.redis.URL())) {
		w.harmless(t, args...)
	}
	asked := w.terminal(t, "apply", file, "--batch", "asked", "--allow-duplicates")
	asked.await(t, question)
	asked.press(t, "n\n")
	asked.wait(t)
	requireHarmless(t, "a question", asked.screen.String())
}

// harmless runs a command on a terminal, and looks at the screen.
func (w *stack) harmless(t *testing.T, args ...string) {
	t.Helper()
	term := w.terminal(t, args...)
	term.wait(t)
	requireHarmless(t, fmt.Sprintf("%.60q", args), term.screen.String())
}

// Commands that show hostile text, that are given it where it cannot be, that do something by its name, and
// that read it. The first two groups run all at once.
var (
	hostileReads = [][]string{
		{"list"},
		{"status"},
		{"status", hostile},
		{"results", hostile},
		{"results", hostile, "--attempts"},
		{"results", hostile, "--state", "review"},
		{"events", hostile},
		{"events", "--lane", "default/gz"},
		{"verify", hostile},
		{"verify", hostile, "--allow-running"},
		{"list", "-o", "json"},
		{"list", "-o", "ndjson"},
		{"list", "-o", "csv"},
		{"status", hostile, "-o", "json"},
		{"results", hostile, "-o", "json", "--attempts"},
		{"results", hostile, "-o", "ndjson"},
		{"results", hostile, "-o", "csv"},
		{"results", hostile, "--csv-safe"},
		{"results", hostile, "--json", "key,name,description"},
		{"events", hostile, "-o", "json"},
		{"events", hostile, "-o", "ndjson"},
		{"events", hostile, "-o", "csv"},
		{"verify", hostile, "--allow-running", "-o", "ndjson"},
		{"doctor", "-o", "ndjson"},
		{"doctor", "-o", "json"},
		{"limit", "show", "-o", "json"},
		{"limit", "show"},
		{"doctor"},
		{"pause", "default/gz", "--reason", "other"},
		{"pause", "default/bj", "--reason", hostile},
	}
	hostileMistakes = [][]string{
		{hostile},
		{"help", hostile},
		{"list", hostile},
		{"list", "--" + hostile},
		{"list", "-" + hostile},
		{"list", "-o", hostile},
		{"list", "--json", hostile},
		{"list", "--redis", hostile},
		{"list", "--redis", "redis://" + hostile},
		{"doctor", "--endpoint", hostile},
		{"doctor", "--region", hostile},
		{"completion", hostile},
		{"results", "none" + hostile},
		{"results", hostile, "--state", hostile},
		{"retry", hostile, "--where", hostile, "--yes"},
		{"pause", hostile},
		{"limit", "set", hostile, "--rps", "1"},
		{"limit", "set", "default/bj", "--rps", hostile},
		{"plan", hostile},
		{"create", "--name", hostile, "--subnet", hostile, "--description", hostile},
		{"create", "--name", "vip", "--subnet", "sbn-a", "--batch", hostile},
	}
	hostileVerbs = [][]string{
		{"resume", "default/bj", "--reason", hostile},
		{"retry", hostile, "--dry-run"},
		{"retry", hostile, "--dry-run", "-o", "json"},
		{"retry", hostile, "--where", "code=" + hostile, "--dry-run"},
		{"cancel", hostile, "--dry-run"},
		{"cancel", hostile, "--yes", "--reason", hostile},
		{"pause", "--batch", hostile, "--reason", hostile},
		{"status", hostile},
		{"resume", "--batch", hostile, "--reason", hostile},
		{"rollback", hostile, "--dry-run"},
		{"rollback", hostile, "--yes", "--reason", hostile},
		{"delete", hostile, "--dry-run"},
		{"archive", hostile, "--dry-run"},
		{"create", "--name", "vip", "--subnet", "sbn-a"},
		{"create", "--name", "vip", "--subnet", "sbn-b"},
	}
)

func hostileFiles(file, broken, redis string) [][]string {
	return [][]string{
		{"plan", file},
		{"plan", file, "--batch", "b"},
		{"plan", file, "--batch", "b", "-o", "json"},
		{"plan", file, "--batch", "b", "-o", "ndjson"},
		{"plan", file, "--batch", "b", "-o", "csv"},
		{"plan", broken, "--batch", "b"},
		{"apply", "--yes", broken, "--batch", "b"},
		{"plan", file, "--batch", "b", "--live"},
		{"plan", file, "--batch", "b", "--out", file},
		{"apply", "--yes", file, "--batch", "b", "--on-complete", hostile},
		{"apply", "--yes", file, "--batch", "b", "--on-complete", "https://" + hostile + "/"},
		{"apply", file, "--batch", "b", "--yes"},
		{"run", "--sandbox", file, "--batch", "s", "--faults", hostile},
		{"run", file, "--batch", "s", "--sandbox", "--log-level", "trace"},
		{"run", file, "--batch", "r", "--redis", redis, "--log-level", "info", "--timeout", "5s", "--yes"},
		{"results", "r"},
		{"results", "r", "--attempts"},
		{"events", "r"},
		{"list"},
	}
}

// hostileName is as much of the hostile text as a file's name or a column's can be.
var hostileName = strings.NewReplacer("\n", "", "/", "").Replace(hostile)

// requireHarmless looks for anything on a screen that acts on it, and is not the program's own.
func requireHarmless(t *testing.T, what, screen string) {
	t.Helper()
	for _, r := range ownSequences.ReplaceAllString(screen, "") {
		if !unicode.IsPrint(r) && r != '\n' && r != '\r' {
			t.Errorf("%s: %U is on the screen: %q", what, r, screen)
			break
		}
	}
	for line := range strings.FieldsFuncSeq(screen, func(r rune) bool { return r == '\r' || r == '\n' }) {
		if strings.HasPrefix(line, "FORGED") {
			t.Errorf("%s: a line is forged: %q", what, screen)
		}
	}
}

// putHostileText writes into Redis what no command of ours would: another producer may.
func (w *stack) putHostileText(t *testing.T) {
	t.Helper()
	ctx, rdb := t.Context(), w.redis.Client(t)
	records := ledger.New(rdb)
	body, err := json.Marshal(map[string]string{"name": hostile, "subnetId": hostile, "privateIpAddress": hostile, "description": hostile})
	if err != nil {
		t.Fatal(err)
	}
	spec := func(key string) ledger.Spec {
		return ledger.Spec{Key: key, Fingerprint: key, ClientToken: hostile + key, Account: "default", Region: "bj", Body: string(body)}
	}
	if _, err := records.Register(ctx, hostile, ledger.Source{File: hostile, By: hostile}, []ledger.Spec{spec(hostile), spec(hostile + "2")}); err != nil {
		t.Fatal(err)
	}
	item, err := records.Item(ctx, hostile, hostile)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := records.Cancel(ctx, hostile, hostile, []ledger.Item{item}); err != nil {
		t.Fatal(err)
	}
	if err := records.Note(ctx, hostile, ledger.Act{Kind: "cancel", By: hostile, Reason: hostile, Items: 1, Detail: hostile}); err != nil {
		t.Fatal(err)
	}
	operator := lane.NewOperator(rdb, "default/gz")
	if _, _, err := operator.Pause(ctx, lane.Act{By: hostile, Reason: hostile}); err != nil {
		t.Fatal(err)
	}
	if _, err := operator.SetLimit(ctx, 2, lane.Act{By: hostile, Reason: hostile}); err != nil {
		t.Fatal(err)
	}
}

// refuseWithHostileText is a BCE that answers nothing else.
func refuseWithHostileText(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(map[string]string{"code": hostile, "message": hostile, "requestId": hostile}) // who asked may be gone
}
