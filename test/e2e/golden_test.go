package e2e

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"
)

// update rewrites the golden files with what the programs say now; read the difference before you commit it.
var update = flag.Bool("update", false, "rewrite testdata/golden with what the programs say now")

// transcript holds what a script's commands say against its golden file: a txtar archive with one file for
// each stream of each command that the script looks at with `golden`, in their order. Wording stands there
// and nowhere else, so that a better sentence is one run with -update and one difference to read.
type transcript struct {
	path string
	// command is the last that was run.
	command   string
	got, want []txtar.File
}

type scriptTranscript struct{}

func transcriptOf(ts *testscript.TestScript) *transcript {
	return ts.Value(scriptTranscript{}).(*transcript) //nolint:forcetypeassert // set by setUpScript
}

// newTranscript reads the golden file of a script, if there is one, by testscript's name of its directory.
func newTranscript(dir string) *transcript {
	t := &transcript{path: filepath.Join("testdata", "golden", strings.TrimPrefix(dir, "script-")+".txt")}
	if archive, err := txtar.ParseFile(t.path); err == nil {
		t.want = archive.Files
	}
	return t
}

// scriptGolden compares both streams of the last command with the golden file.
func scriptGolden(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: golden")
	}
	t := transcriptOf(ts)
	for _, stream := range []string{"stdout", "stderr"} {
		if text := masked(ts.ReadFile(stream), ts.Getenv("WORK")); text != "" {
			t.add(ts, txtar.File{Name: masked(t.command, ts.Getenv("WORK")) + " | " + stream, Data: []byte(text)})
		}
	}
}

func (t *transcript) add(ts *testscript.TestScript, f txtar.File) {
	t.got = append(t.got, f)
	if *update {
		return
	}
	n := len(t.got)
	if n > len(t.want) {
		ts.Fatalf("%s has no entry for\n%s\n%sRun the test with -update, and read the difference", t.path, f.Name, f.Data)
	}
	want := t.want[n-1]
	if diff := cmp.Diff(want.Name+"\n"+string(want.Data), f.Name+"\n"+string(f.Data)); diff != "" {
		ts.Fatalf("%s: entry %d (-want +got):\n%sIf it is meant, run the test with -update", t.path, n, diff)
	}
}

// end writes the golden file, or fails the script if the file has entries of commands that were not looked at.
func (t *transcript) end(tt testscript.T) {
	switch {
	case *update && len(t.got) > 0:
		archive := &txtar.Archive{Files: t.got}
		if err := os.WriteFile(t.path, txtar.Format(archive), 0o600); err != nil {
			tt.Fatal(err)
		}
	case !*update && len(t.got) < len(t.want) && !tt.(interface{ Failed() bool }).Failed(): //nolint:forcetypeassert // a *testing.T
		tt.Fatal(t.path + ": more entries than commands that the script looks at, beginning with " + t.want[len(t.got)].Name)
	}
}

// golden compares text with the golden file of this name, for what is said where no script can look, as on a
// terminal.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path, text := filepath.Join("testdata", "golden", name+".txt"), masked(text, "")
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("%s (-want +got):\n%sIf it is meant, run the test with -update", path, diff)
	}
}

// variable are the parts of an output that differ from run to run.
var variable = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`havip-[a-z0-9]{12}\b`), "havip-MASKED"},
	{regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), "REQUEST"},
	{regexp.MustCompile(`20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+Z|Z)?`), "TIME"},
	{regexp.MustCompile(`\b10\.\d+\.\d+\.\d+\b`), "ADDRESS"},
	{regexp.MustCompile(`"id":"\d+-\d+"`), `"id":"ID"`},
	{regexp.MustCompile(`"rate":[^,]+,"allowed":[^,]+,"secondsLeft":[^,]+,"endsAt":(null|"[^"]+")`), `"pace":"PACE"`},
	{regexp.MustCompile(`"by":"[^"@]+@[^"]+"`), `"by":"PERSON"`},
}

// spoken are the parts of sentences that differ from run to run.
var spoken = []struct {
	pattern *regexp.Regexp
	with    string
}{
	// A progress line: how many there are depends on how long it takes.
	{regexp.MustCompile(`(?m)^[\w-]+: [\d,]+/[\d,]+ · .*\n`), ""},
	{regexp.MustCompile(`\b(\d+m)?\d+(\.\d+)?(ms|s|m)\b`), "DURATION"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "HOST:PORT"},
	{regexp.MustCompile(`[\w.-]+@[\w.-]+`), "PERSON"},
	{regexp.MustCompile(`\b[\w.-]+-\d+-[0-9a-f]{8}\b`), "WORKER"},
	{regexp.MustCompile(`Redis [\d.]+; enqueue [^,]+, asynq v[\d.]+, go[\w.]*\w`), "VERSIONS"},
	{regexp.MustCompile(`(DURATION (ahead of|behind)|the same as) (this machine|Redis)'s`), "OFFSET $3's"},
}

// masked is text with all that differs from run to run replaced.
func masked(text, work string) string {
	if work != "" {
		text = strings.ReplaceAll(text, work, "$WORK")
	}
	for _, v := range slices.Concat(variable, spoken) {
		text = v.pattern.ReplaceAllString(text, v.with)
	}
	if wide.MatchString(text) {
		text = gap.ReplaceAllString(text, "$1  ")
	}
	return text
}

// wide matches a table with a column whose width depends on what was masked; gap is the space between columns.
var wide, gap = regexp.MustCompile(`PERSON  |DURATION ago  `), regexp.MustCompile(`(\S)  +`)
