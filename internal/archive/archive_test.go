package archive

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"havip/ledger"
)

// stored is a batch of two items, with an act that Redis holds damaged.
type stored struct{ fault error }

func (s stored) StoredItems(context.Context, string) iter.Seq2[ledger.StoredItem, error] {
	return func(yield func(ledger.StoredItem, error) bool) {
		item := ledger.StoredItem{Key: "a", Spec: json.RawMessage(`{"account":"default"}`), Record: json.RawMessage(`{"state":"created"}`)}
		if !yield(item, nil) {
			return
		}
		item.Key, item.Attempts = "b<&>", []json.RawMessage{json.RawMessage(`{"n":1}`)}
		yield(item, s.fault)
	}
}

func (stored) StoredEvents(context.Context, string) iter.Seq2[ledger.StoredEvent, error] {
	return func(yield func(ledger.StoredEvent, error) bool) {
		yield(ledger.StoredEvent{ID: "1-0", Fields: map[string]any{"kind": "created", "key": "a"}}, nil)
	}
}

func (stored) StoredActs(context.Context, string) ([]string, error) {
	return []string{`{"kind":"retry"}`, `{"kind":`}, nil
}

func contents() ledger.Contents {
	return ledger.Contents{Batch: ledger.Batch{Name: "b"}, Facts: map[string]string{"total": "2", "createdAt": "1"}}
}

const written = `{"kind":"havip archive","version":1,"batch":"b","facts":{"createdAt":"1","total":"2"}}
{"item":{"key":"a","spec":{"account":"default"},"record":{"state":"created"}}}
{"item":{"key":"b<&>","spec":{"account":"default"},"record":{"state":"created"},"attempts":[{"n":1}]}}
{"event":{"id":"1-0","fields":{"key":"a","kind":"created"}}}
{"act":{"kind":"retry"}}
{"act":"{\"kind\":"}
{"end":{"items":2,"events":1,"acts":2,"sha256":"b26a09"}}
`

func write(t *testing.T) (text, hash string) {
	t.Helper()
	var b bytes.Buffer
	items := int64(0)
	hash, err := Write(t.Context(), &b, stored{}, contents(), func(n int64) { items = n })
	if err != nil || items != 2 {
		t.Fatal(items, err)
	}
	return b.String(), hash
}

func TestWrite(t *testing.T) {
	t.Parallel()
	text, hash := write(t)
	if want := strings.Replace(written, "b26a09", hash, 1); text != want {
		t.Errorf("got\n%swant\n%s", text, want)
	}
	if again, _ := write(t); again != text {
		t.Error("the same contents make other bytes")
	}
	secret, c := bytes.Buffer{}, contents()
	c.Facts["onComplete"] = "https://ops.example.com/hook?token=s3cret"
	if _, err := Write(t.Context(), &secret, stored{}, c, func(int64) {}); err != nil || strings.Contains(secret.String(), "s3cret") || !strings.Contains(secret.String(), "ops.example.com") {
		t.Errorf("the URL that is notified: %s, %v", secret.String(), err)
	}
	fault := errors.New("damaged")
	if _, err := Write(t.Context(), &bytes.Buffer{}, stored{fault}, contents(), func(int64) {}); !errors.Is(err, fault) {
		t.Errorf("of a damaged item: %v", err)
	}
}

func readAll(text string) (keys []string, err error) {
	a, err := NewReader(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	for item, fault := range a.Items() {
		if err = fault; err == nil {
			keys = append(keys, item.Key)
		}
	}
	return keys, err
}

func TestReader(t *testing.T) {
	t.Parallel()
	text, _ := write(t)
	lines := strings.SplitAfter(text, "\n")
	for name, tt := range map[string]struct {
		text string
		want error
	}{
		"whole":             {text, nil},
		"without its end":   {strings.Join(lines[:len(lines)-2], ""), errCutOff},
		"without an event":  {strings.Replace(text, lines[3], "", 1), errChanged},
		"another ID":        {strings.Replace(text, "created", "rejected", 1), errChanged},
		"more than its end": {text + "{}\n", errChanged},
		"a plan":            {strings.Replace(text, "havip archive", "havip plan", 1), ErrNoArchive},
		"a file of items":   {"key,name\n", ErrNoArchive},
		"nothing":           {"", ErrNoArchive},
	} {
		keys, err := readAll(tt.text)
		if !errors.Is(err, tt.want) || err == nil && len(keys) != 2 {
			t.Errorf("%s: %q, %v, want %v", name, keys, err, tt.want)
		}
	}
	if _, err := readAll(strings.Replace(text, `"version":1`, `"version":2`, 1)); err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("of another version: %v", err)
	}
	if _, err := readAll(lines[0] + "{\"item\":\n"); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("of a line that is no JSON: %v", err)
	}
}

func saveAs(t *testing.T, path string) (made bool, err error) {
	t.Helper()
	_, made, err = Save(path, func(file *os.File) (string, error) {
		return Write(t.Context(), file, stored{}, contents(), func(int64) {})
	})
	return made, err
}

// No existing file is replaced, and one that an interrupted run left is recognized.
func TestSave(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "b.archive")
	for _, want := range []bool{true, false} {
		if made, err := saveAs(t, path); err != nil || made != want {
			t.Fatalf("made %v, want %v: %v", made, want, err)
		}
	}
	text, _ := write(t)
	saved, err := os.ReadFile(path)
	if err != nil || string(saved) != text {
		t.Errorf("saved %q: %v", saved, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v: %v", info.Mode(), err)
	}

	for name, other := range map[string]string{"cut off": text[:len(text)/2], "empty": "", "other": strings.Replace(text, `"b"`, `"c"`, 1)} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(other), 0o600); err != nil {
			t.Fatal(err)
		}
		var failed *SaveError
		if _, err := saveAs(t, path); !errors.Is(err, ErrExists) || !errors.As(err, &failed) {
			t.Errorf("%s: %v", name, err)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != other {
			t.Errorf("%s: replaced by %q, %v", name, after, err)
		}
	}
	if _, err := saveAs(t, filepath.Join(dir, "missing", "b.archive")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a missing directory: %v", err)
	}
	fault := errors.New("Redis is away")
	if _, _, err := Save(filepath.Join(dir, "failed"), func(*os.File) (string, error) { return "", fault }); !errors.Is(err, fault) {
		t.Errorf("of a failed read: %v", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 4 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}
