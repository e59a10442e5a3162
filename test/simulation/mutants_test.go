//go:build !race

package simulation

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

var mutantsFlag = flag.String("mutants", "", "remove the protections whose names match, one at a time; each must break one of the first 10,000 stories, or of those told within -for")

// mutant is the program without one of its protections: in a file, a text is replaced by another.
// The theme, if any, is the one in which that shows soonest.
type mutant struct{ name, theme, file, old, new string }

// mutants are the protections that stories must miss when they are gone.
var mutants = []mutant{
	{"age of a HaVIP", "", "lifecycle/confirm.go", "case older > AgeSlack:", "case older > 1<<60:"},
	{"first request that was not refused", "two ledgers are refused", "lifecycle/outcome.go", "d.FirstSentAt = 0\n", "_ = d.FirstSentAt\n"},
	{"no confirmation", "", "lifecycle/outcome.go", "\td.ConfirmAt = d.at.Now\n", ""},
	{"wait at a lane's first use", "two ledgers begin", "internal/worker/cloudcheck.go", "if err != nil || ready {\n\t\treturn err\n\t}\n\treturn p.awaitOlder(ctx)", "_ = ready\n\treturn err"},
	{"late answer with an ID that was given up", "an ID is given up", "lifecycle/outcome.go", "if created && slices.Contains(d.GivenUp,", "if false && slices.Contains(d.GivenUp,"},
	{"two listings prove absence", "", "lifecycle/absence.go", "if left <= 0 {", "if left <= max(ListingInterval, within) {"},
	{"absence in uptime", "BCE shows late", "ledger/lua/beat.lua", "if passed < 0 or passed > tonumber(ARGV[3]) then", "if passed < 0 then"},
	{"a living token outranks a listing", "BCE works for long", "lifecycle/absence.go", "alive := !d.TokenUsed && !d.tokenMayBeDead(o.TokenMaxAge, o.ClockOffset)", "alive := false"},
	{"a dead token is not sent", "", "lifecycle/begin.go", "case d.Lookup || aged || d.TokenUsed && d.Unknown:", "case d.Lookup || aged && false || d.TokenUsed && d.Unknown:"},
	{"idle items are looked for", "a backup is retried", "lifecycle/begin.go", "case (idle || stale) && !o.LookedUp:", "case (idle || stale) && false:"},
	{"two listings before a refused token is renewed", "a backup is refused", "lifecycle/lookup.go", "return d.untilProven(o.ListedAt, o.ConfirmWithin) })", "return 0 })"},
	{"retry looks first", "people at the console", "lifecycle/command.go", "\t\td.lookUpFirst()\n", "\t\td.clearUnknown()\n\t\td.restart(RetryNewToken, next)\n"},
	{"retry makes nothing younger", "a backup is retried", "lifecycle/command.go", "d.RenewedAt, d.FirstFailedAt, d.Refusals = renewedAt, 0, 0", "d.RenewedAt, d.FirstFailedAt, d.Refusals = max(renewedAt, d.at.Now), 0, 0"},
	{"a lease is waited for", "", "lifecycle/begin.go", "d.leaseLeft(o.Watched); left > 0 {", "d.leaseLeft(o.Watched); left > 1<<60 {"},
	{"a dead worker's request is waited for", "a worker is cut off", "lifecycle/release.go", "- silent; wait > 0 {", "- silent; wait > 1<<60 {"},
	{"rollback only of what is confirmed", "BCE shows late", "lifecycle/command.go", "if r.Unconfirmed() {", "if false {"},
	{"a lookup passes by what has an owner", "", "tasks/match.go", "case owned(havip.ID), havip.SubnetID", "case havip.SubnetID"},
	{"a lookup leaves a lane's probe to requests", "", "tasks/handler.go", "if start.Result != lifecycle.StartSend && start.Result != lifecycle.StartDelete {", "if start.Result == ledger.Finished {"},
	{"lost tasks are enqueued again", "", "internal/worker/lost.go", "for _, item := range lost {", "for _, item := range lost[:0] {"},
}

// unseen are protections that no story has missed so far, why, and the tests that do.
var unseen = [][2]string{
	{"a user's clientToken belongs to one item", "stories have derived tokens: test/ledgertest testTokensAreNotGivenBack"},
	{"a denied subnet suspends no other", "all items come to their end anyway: internal/lane TestSubnetsAreIsolated"},
	{"a lane keeps its endpoint and account", "stories have one BCE: internal/worker TestLaneIsOneCloud"},
	{"a HaVIP is claimed", "BCE answers with no other item's HaVIP: tasks TestAnswerWithAnotherItemsHaVIP"},
	{"a listing is verified", "BCE's pages skip nothing: tasks TestIncompleteListingWhileReadsFail"},
	{"a renewal settles before it is sent", "its lane holds it back for longer: tasks TestRenewedTokenIsNotSentAtOnce"},
}

// Every protection is missed by some story when it is gone. That takes half an hour, with -mutants .; without the flag,
// each mutant is compared with the program.
func TestMutants(t *testing.T) { //nolint:paralleltest // its parts are
	if *mutantsFlag == "" {
		for _, m := range mutants {
			m.change(t)
		}
		return
	}
	chosen := regexp.MustCompile(*mutantsFlag)
	var mu sync.Mutex
	var rows []string
	row := func(name, found string) {
		mu.Lock()
		defer mu.Unlock()
		rows = append(rows, fmt.Sprintf("%-45s %s", name, found))
	}
	t.Cleanup(func() {
		slices.Sort(rows)
		t.Log("\n" + strings.Join(rows, "\n"))
	})
	for _, m := range unseen {
		row(m[0], m[1])
	}
	for _, m := range mutants {
		if !chosen.MatchString(m.name) {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			cmd := m.tell(t, m.build(t), "-stories=10000", fmt.Sprint("-seed=", *seedFlag), fmt.Sprint("-for=", *forFlag))
			output, err := cmd.CombinedOutput()
			found := regexp.MustCompile(`-seed=(\d+) .*: (.*)`).FindSubmatch(output)
			if err == nil || found == nil {
				row(m.name, "NOT FOUND")
				t.Errorf("not found: %s", output)
				return
			}
			if output, err := m.tell(t, os.Args[0], "-stories=1", "-seed="+string(found[1])).CombinedOutput(); err != nil {
				t.Errorf("the story breaks with the protection, too: %s", output)
			}
			row(m.name, fmt.Sprintf("%-27s seed %5s, %3.0f s of a processor: %.90s", m.theme, found[1], cmd.ProcessState.UserTime().Seconds(), found[2]))
		})
	}
}

// build makes the stories' program without the protection.
func (m mutant) build(t *testing.T) (binary string) {
	t.Helper()
	dir := t.TempDir()
	original, text := m.change(t)
	changed, overlay, binary := filepath.Join(dir, "changed"), filepath.Join(dir, "overlay"), filepath.Join(dir, "stories")
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{original: changed}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{changed: []byte(text), overlay: replace} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if output, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return binary
}

// change returns the file and its text without the protection.
func (m mutant) change(t *testing.T) (file, text string) {
	t.Helper()
	file, err := filepath.Abs(filepath.Join("../..", m.file))
	if err != nil {
		t.Fatal(err)
	}
	original, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(original), m.old); n != 1 {
		t.Errorf("%s has the text %q %d times: bring the mutant up to date", m.file, m.old, n)
	}
	return file, strings.Replace(string(original), m.old, m.new, 1)
}

// tell is another process that tells stories until one breaks.
func (m mutant) tell(t *testing.T, binary string, flags ...string) *exec.Cmd {
	t.Helper()
	args := append([]string{"-test.run=^TestStories$", "-test.timeout=0", "-shrink=false", "-theme=" + m.theme}, flags...)
	return exec.CommandContext(t.Context(), binary, args...)
}
