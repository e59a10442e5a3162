package plan

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"havip/ledger"
	"havip/tasks"
)

func header() Header {
	return Header{
		Batch: "b", Region: "bj", Live: true, MadeAt: noon, MadeBy: "li@host",
		Source: Source{Name: "a.csv", Path: "/a.csv", SHA256: strings.Repeat("0", 64)},
		Ledger: Ledger{Redis: "127.0.0.1:6379, database 0", BatchSince: ledger.Millis(noon.UnixMilli())},
	}
}

func rowOf(line int, action Action, c Concern) Row {
	item := tasks.Item{
		Key: "键 " + string(rune('a'+line)), Account: "default", Region: "bj", ClientToken: "mine",
		Request: tasks.Request{Name: "web", SubnetID: "sbn-1", PrivateIPAddress: "10.0.0.1", Description: "a <b>\n\"c\" 北京"},
	}
	return Row{Row: tasks.Row{Line: line, Item: item}, Action: action, State: ledger.Queued, Concern: c}
}

func sampleRows() []Row {
	return []Row{
		rowOf(2, Create, Concern{}), rowOf(3, Create, concern(WouldFail, "no address")), rowOf(4, Requeue, Concern{}),
		rowOf(5, Running, concern(WouldAdopt, "it exists")), rowOf(6, Done, Concern{}),
		rowOf(7, Failed, concern(FailedBefore, "rejected before")), rowOf(8, Canceled, concern(CanceledBefore, "canceled before")),
	}
}

// save saves a plan under a new name and returns its path.
func save(t *testing.T, rows ...Row) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "any name.csv")
	saveAs(t, path, rows...)
	return path
}

func saveAs(t *testing.T, path string, rows ...Row) {
	t.Helper()
	w, err := Save(path, header())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, path string) *File {
	t.Helper()
	f, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func rowsIn(t *testing.T, f *File) []Row {
	t.Helper()
	var rows []Row
	for row, err := range f.Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

func TestSavedPlanIsReadBack(t *testing.T) {
	t.Parallel()
	path := save(t, sampleRows()...)
	f := open(t, path)
	want := header()
	want.Kind, want.Version = "havip plan", 1
	if diff := cmp.Diff(want, f.Header); diff != "" {
		t.Error(diff)
	}
	for range 2 {
		if diff := cmp.Diff(sampleRows(), rowsIn(t, f)); diff != "" {
			t.Error(diff)
		}
	}
	if n := f.Counts; n.Rows() != 7 || n.Create != 1 || n.Fail != 1 || n.Adopt != 1 || n.Enqueue != 3 {
		t.Errorf("%+v", n)
	}
	for _, err := range f.Rows(t.Context()) {
		if err != nil {
			t.Error(err)
		}
		break // which is no error
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if another := open(t, save(t, sampleRows()[1:]...)); another.ID == f.ID {
		t.Error("two plans have one ID")
	}
}

func TestSavedPlanAppearsWhole(t *testing.T) {
	t.Parallel()
	path := save(t, sampleRows()[0])
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := Save(path, header())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(sampleRows()[1]); err != nil {
		t.Fatal(err)
	}
	if err := w.Abort(); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("a plan that was given up has changed the one before: %v", err)
	}
	saveAs(t, path, sampleRows()[1])
	if rows := rowsIn(t, open(t, path)); rows[0].Line != 3 {
		t.Errorf("the plan was not replaced: %+v", rows)
	}
	if names, err := os.ReadDir(filepath.Dir(path)); err != nil || len(names) != 1 {
		t.Errorf("left behind: %v, %v", names, err)
	}
}

func TestSaveReplacesNothingElse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	items := filepath.Join(dir, "items.csv")
	if err := os.WriteFile(items, []byte("name,subnetId\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "nothing"), link); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		items: "exists and is not a plan", dir: "exists and is not a plan", link: "no such file",
		filepath.Join(dir, "nowhere", "plan"): "no such file",
	} {
		if _, err := Save(path, header()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
}

// No row of an incomplete plan is delivered.
func TestDamagedPlan(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(save(t, sampleRows()...))
	if err != nil {
		t.Fatal(err)
	}
	whole := string(text)
	lines := strings.SplitAfter(whole, "\n")
	for name, test := range map[string]struct{ text, want string }{
		"only its first words":  {whole[:40], "is truncated"},
		"no end":                {strings.Join(lines[:4], ""), "is truncated"},
		"no last line feed":     {strings.TrimSuffix(whole, "\n"), "is truncated"},
		"a row less":            {lines[0] + strings.Join(lines[2:], ""), "was changed"},
		"rows in another order": {lines[0] + lines[2] + lines[1] + strings.Join(lines[3:], ""), "was changed"},
		"another name":          {strings.Replace(whole, `"name":"web"`, `"name":"wob"`, 1), "was changed"},
		"something behind":      {whole + "\n", "was changed"},
		"two plans":             {whole + whole, "was changed"},
		"a row that is none":    {lines[0] + "{}\n" + strings.Join(lines[1:], ""), "line 2: is not a row"},
		"an unsound row":        {strings.Replace(whole, `"sbn-1"`, `"vpc-1"`, 1), `line 2: subnetId "vpc-1": must be`},
		"a conflict":            {strings.Replace(whole, `"action":"create"`, `"action":"conflict"`, 1), "line 2: is not a row"},
		"no JSON":               {lines[0] + "name\n", "line 2: invalid"},
		"a line without end":    {lines[0] + strings.Repeat(" ", 2*maxLine), "line 2: is too long"},
		"a batch without name":  {strings.Replace(whole, `"batch":"b"`, `"batch":""`, 1), `line 1: batch "": is required`},
		"another version":       {strings.Replace(whole, `"version":1`, `"version":9`, 1), "has version 9; this program reads version 1"},
	} {
		path := filepath.Join(t.TempDir(), "plan")
		if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), test.want) || errors.Is(err, ErrNoPlan) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

func TestNoPlan(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"items.ndjson": `{"name":"web-1","subnetId":"sbn-1"}`, "items.json": "[]", "empty": "", "plan.json": `{"kind":"terraform plan","version":1}`,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), path); !errors.Is(err, ErrNoPlan) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, path := range []string{dir, filepath.Join(dir, "nothing"), "-"} {
		if _, err := Open(t.Context(), path); !errors.Is(err, ErrNoPlan) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// A plan that another user may have written is refused as a plan, not read as a file of items.
func TestPlanOfOthers(t *testing.T) {
	t.Parallel()
	open, exposed := save(t, sampleRows()...), save(t, sampleRows()...)
	link := filepath.Join(t.TempDir(), "link")
	err := errors.Join(os.Chmod(open, 0o646), os.Chmod(filepath.Dir(exposed), 0o777), os.Symlink(open, link)) // #nosec G302 -- it is what must be refused
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{open: "chmod o-w", exposed: "directory that every user can write to", link: "symbolic link"} {
		if _, err := Open(t.Context(), path); err == nil || errors.Is(err, ErrNoPlan) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// A plan that is overwritten while it is applied is refused.
func TestPlanChangesAfterOpen(t *testing.T) {
	t.Parallel()
	path, other := save(t, sampleRows()[:2]...), save(t, sampleRows()[1:3]...)
	f := open(t, path)
	text, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	var last error
	for _, err := range f.Rows(t.Context()) {
		last = err
	}
	if last == nil || !strings.Contains(last.Error(), "was changed since it was saved") {
		t.Errorf("got %v", last)
	}
}

func TestPlanIsReadUntilItsContextEnds(t *testing.T) {
	t.Parallel()
	path := save(t, sampleRows()...)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f, err := Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows := 0
	for _, err := range f.Rows(ctx) {
		if cancel(); err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			break
		}
		rows++
	}
	if rows != 1 {
		t.Errorf("%d rows", rows)
	}
	// Whatever it is, which is not looked at any more: a file server may not answer.
	for _, path := range []string{path, filepath.Join(t.TempDir(), "nothing")} {
		if _, err := Open(ctx, path); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", path, err)
		}
		if _, err := IsPlan(ctx, path); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

// FuzzScan: any file is read without a panic, and delivered rows are valid and
// can be saved unchanged.
func FuzzScan(f *testing.F) {
	path := filepath.Join(f.TempDir(), "plan")
	w, err := Save(path, header())
	if err != nil {
		f.Fatal(err)
	}
	for _, row := range sampleRows() {
		if err := w.Write(row); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		f.Fatal(err)
	}
	seed, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add(seed[:len(seed)/2])
	f.Add(bytes.Replace(seed, []byte("sbn-1"), []byte("\xff\x00"), 1))
	f.Add([]byte(`{"kind":"havip plan","version":1,"batch":"b"}` + "\n" + `{"end":{}}` + "\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		s := newScanner(bytes.NewReader(content))
		if _, err := s.header(); err != nil {
			return
		}
		for {
			row, last, err := s.next()
			if err != nil || last != nil {
				return
			}
			if faults := row.Item.Validate(); len(faults) > 0 || !savable(row.Action) {
				t.Fatalf("unsound: %v in %+v", faults, row)
			}
			if diff := cmp.Diff(row, savedOf(row).row()); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

func TestStale(t *testing.T) {
	t.Parallel()
	at := func(a Action, state ledger.State) Row { return Row{Action: a, State: state} }
	create, known := at(Create, ledger.Queued), at(Running, ledger.Queued)
	conflict := at(Conflict, ledger.Created)
	conflict.Concern = Concern{InConflict, "conflict: other"}
	for name, test := range map[string]struct {
		planned, now Row
		begun        bool
		want         string
	}{
		"as planned":                    {create, create, false, ""},
		"its own item":                  {create, known, true, ""},
		"its own, without a task":       {create, at(Requeue, ledger.Queued), true, ""},
		"its own, done":                 {create, at(Done, ledger.Created), true, ""},
		"its own, rejected":             {create, at(Failed, ledger.Rejected), true, ""},
		"another command's":             {create, known, false, "is already queued: another command"},
		"another command's, done":       {create, at(Done, ledger.Created), false, "is already created: another command"},
		"its own, canceled":             {create, at(Canceled, ledger.Canceled), true, "was canceled since"},
		"canceled":                      {create, at(Canceled, ledger.Canceled), false, "was canceled since"},
		"a conflict":                    {create, conflict, true, "conflict: other"},
		"a conflict of what was done":   {at(Done, ledger.Created), conflict, false, "conflict: other"},
		"queued again":                  {at(Requeue, ledger.Queued), at(Requeue, ledger.Queued), false, ""},
		"not needed any more":           {at(Requeue, ledger.Queued), at(Done, ledger.Created), false, ""},
		"its own, rolled back":          {create, at(Deleted, ledger.Deleted), true, "was rolled back since"},
		"to be queued again, canceled":  {at(Requeue, ledger.Queued), at(Canceled, ledger.Canceled), false, "was canceled since"},
		"finished":                      {known, at(Done, ledger.Created), false, ""},
		"failed, retried":               {at(Failed, ledger.Rejected), known, false, ""},
		"canceled, and stays so":        {at(Canceled, ledger.Canceled), at(Canceled, ledger.Canceled), false, ""},
		"in progress, canceled":         {known, at(Canceled, ledger.Canceled), false, ""},
		"done, no longer in the ledger": {at(Done, ledger.Created), create, false, "was created when the plan was made, and is no longer in the ledger"},
		"forgotten, after its own run":  {at(Done, ledger.Created), create, true, "is no longer in the ledger"},
	} {
		got := Stale(test.planned, test.now, test.begun)
		if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
