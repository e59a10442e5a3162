package console

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"havip/internal/redisconn"
	"havip/ledger"
	"havip/lifecycle"
	"havip/tasks"
)

// written matches a text that is to be translated, in templates and in code.
var written = regexp.MustCompile(`(?:\$\.T |v\.T\()"((?:[^"\\]|\\.)+)"`)

// textsInUse are the texts of pages, with those that code chooses.
func textsInUse(t *testing.T) map[string]bool {
	t.Helper()
	texts := map[string]bool{}
	err := fs.WalkDir(os.DirFS("."), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || strings.HasSuffix(path, "_test.go") || !strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, ".html") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, match := range written.FindAllStringSubmatch(string(source), -1) {
			if !strings.HasSuffix(match[1], " ") { // a kind: its names are below
				texts[match[1]] = true
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range actions {
		texts[a.Title], texts[a.Effect], texts[a.Button] = true, true, true
	}
	for _, s := range (&visit{}).Sections() {
		texts[s.Name] = true
	}
	chosen := map[string][]string{
		"": {
			"running", "paused", "incomplete", "done", "done, with failures", "serving", "suspended", "subnet suspended", "deletions suspended", "no worker",
			"registered", "committed", "completed", "notified", "notify-failed",
			lifecycle.EventAddress, lifecycle.EventExtra, lifecycle.EventDoubtful, lifecycle.EventRenewed, lifecycle.EventRetried,
			lifecycle.EventCancelAsked, lifecycle.EventKept, lifecycle.EventResolved, lifecycle.EventNotDeleted,
			"retry", "retry-done", "cancel", "cancel-done", "rollback", "rollback-done", "resolve", "resolve-done", "apply", "pause", "resume", "limit",
			"Look up and retry", "Retry", "None is its own", "Cancel", "Roll back",
		},
		"class ": {"sending", "interrupted", "deleted", "absent", "bound", "conflict"},
		"action ": {
			"none", string(lifecycle.CancelNow), string(lifecycle.CancelLater), string(lifecycle.RetryRestart), string(lifecycle.RetryNewToken),
			string(lifecycle.RetryLookUpFirst), string(lifecycle.RetryRunNow), string(lifecycle.RollbackDelete),
			string(lifecycle.ResolveAdopt),
		},
	}
	for _, state := range ledger.States() {
		chosen["state "] = append(chosen["state "], string(state))
	}
	for _, severity := range redisconn.Severities() {
		chosen["severity "] = append(chosen["severity "], string(severity))
	}
	for _, class := range []tasks.Class{tasks.ClassCreated, tasks.ClassRejected, tasks.ClassThrottled, tasks.ClassNotSent, tasks.ClassUnknown, tasks.ClassLaneFault, tasks.ClassMismatch} {
		chosen["class "] = append(chosen["class "], string(class))
	}
	for prefix, names := range chosen {
		for _, name := range names {
			texts[prefix+name] = true
		}
	}
	return texts
}

var verb = regexp.MustCompile(`%(?:\[\d\])?([sd])`)

// verbs are the verbs of a text, sorted: a translation may have them in another order.
func verbs(text string) (all []string) {
	for _, match := range verb.FindAllStringSubmatch(text, -1) {
		all = append(all, match[1])
	}
	slices.Sort(all)
	return all
}

// Both languages have the same texts, with the same values in them.
func TestLanguagesHaveTheSameTexts(t *testing.T) {
	t.Parallel()
	used := textsInUse(t)
	for text := range used {
		translated, known := chinese[text]
		if !known {
			t.Errorf("%q is not translated", text)
			continue
		}
		if !slices.Equal(verbs(text), verbs(translated)) {
			t.Errorf("%q and %q differ in their values", text, translated)
		}
	}
	for text := range chinese {
		if !used[text] {
			t.Errorf("%q is translated, and is not in use", text)
		}
	}
}

func TestLanguageOf(t *testing.T) {
	t.Parallel()
	for accepted, want := range map[string]language{
		"": english, "zh-CN,zh;q=0.9,en;q=0.8": simplified, "en-US,zh": english, "de, zh-Hans;q=0.5": simplified, "fr": english,
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Header.Set("Accept-Language", accepted)
		if got := languageOf(r); got != want {
			t.Errorf("%q: %s", accepted, got)
		}
		r.AddCookie(&http.Cookie{Name: languageCookie, Value: string(simplified)})
		if got := languageOf(r); got != simplified {
			t.Errorf("%q, and chosen: %s", accepted, got)
		}
	}
}

// Somebody chooses a language, and returns to the page; the link leads nowhere else.
func TestSetLanguage(t *testing.T) {
	t.Parallel()
	f := start(t, Access{})
	for back, want := range map[string]string{"/lanes?x=1": "/lanes?x=1", "//evil.example": "/", "https://evil.example": "/", `/\evil.example`: "/", "": "/"} {
		a := f.get(t, (&visit{}).URL("/language", "to", "zh-Hans", "back", back))
		if a.Status != http.StatusSeeOther || a.Header.Get("Location") != want || !strings.Contains(a.Header.Get("Set-Cookie"), "zh-Hans") {
			t.Errorf("%q: status %d, to %q", back, a.Status, a.Header.Get("Location"))
		}
	}
}
