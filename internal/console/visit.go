package console

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"havip/internal/words"
	"havip/ledger"
	"havip/tasks"
)

// visit is one request for a page: what the page needs to know of it, and how texts are shown to it. Its exported methods are
// for templates.
type visit struct {
	*console
	request  *http.Request
	who      identity
	language language
	now      time.Time
}

func (c *console) newVisit(r *http.Request) *visit {
	return &visit{console: c, request: r, who: identityOf(r.Context()), language: languageOf(r), now: time.Now()}
}

// query is a parameter of the page.
func (v *visit) query(name string) string { return v.request.URL.Query().Get(name) }

// position is a parameter that counts from 0.
func (v *visit) position(name string) int64 {
	n, err := strconv.ParseInt(v.query(name), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// Here is the page's own path and query.
func (v *visit) Here() string { return v.request.URL.RequestURI() }

// URL returns a path with parameters, given as names and values; empty values are left out.
func (v *visit) URL(path string, pairs ...any) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if value := fmt.Sprint(pairs[i+1]); value != "" {
			q.Set(fmt.Sprint(pairs[i]), value)
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// T translates a text, and fills it in like [fmt.Sprintf].
func (v *visit) T(text string, args ...any) string {
	translated := v.language.translate(text)
	if len(args) == 0 {
		return translated
	}
	return fmt.Sprintf(translated, args...)
}

// Lang is the page's language, for its html element.
func (v *visit) Lang() string { return string(v.language) }

// State is the name of an item's state.
func (v *visit) State(s ledger.State) string { return v.T("state " + string(s)) }

// Number groups thousands.
func (v *visit) Number(n int64) string { return words.Number(n) }

// clockSlack is how far clocks may differ before something seems to be in the future.
const clockSlack = 2 * time.Second

// moment is a time as a page shows it.
type moment struct {
	// Machine is for the datetime attribute, Exact for the title, Text for reading.
	Machine, Exact, Text string
}

// Moment shows a time as how long ago it is. m is a [ledger.Millis], a [tasks.Timestamp], or a [time.Time] or a pointer to one.
func (v *visit) Moment(m any) moment {
	var at time.Time
	switch m := m.(type) {
	case time.Time:
		at = m
	case *time.Time:
		at = *m
	case ledger.Millis:
		at = m.Time()
	case tasks.Timestamp:
		at = m.Time
	}
	if at.IsZero() {
		return moment{Text: "–"}
	}
	shown := moment{Machine: at.UTC().Format(time.RFC3339), Exact: at.UTC().Format("2006-01-02 15:04:05.000 UTC")}
	if d := v.now.Sub(at); d > -clockSlack {
		shown.Text = v.T("%s ago", v.language.duration(words.Time(d)))
	} else {
		shown.Text = v.T("in %s", v.language.duration(words.Time(-d)))
	}
	return shown
}

// Span shows a duration in two units.
func (v *visit) Span(d time.Duration) string { return v.language.duration(words.Span(d)) }

// Rate shows a limit of requests a second, of which 0 is none.
func (v *visit) Rate(rps float64) string {
	if rps == 0 {
		return v.T("no limit")
	}
	return v.T("%s/s", words.Decimal(rps))
}

// Who is the visitor's name; "" if they are not known yet.
func (v *visit) Who() string { return v.who.Name }

// SignedIn reports whether the visitor can sign out.
func (v *visit) SignedIn() bool {
	_, err := v.request.Cookie(cookieName)
	return err == nil && v.who.Name != ""
}

// Decimal shows a rate with one digit.
func (v *visit) Decimal(n float64) string { return strconv.FormatFloat(n, 'f', 1, 64) }

// Now is when the page was made.
func (v *visit) Now() moment {
	shown := v.Moment(v.now)
	shown.Exact = v.now.UTC().Format("2006-01-02 15:04:05 UTC")
	return shown
}

// Plus adds.
func (v *visit) Plus(a, b int64) int64 { return a + b }

// badge is a state as a page shows it.
type badge struct{ Class, Text string }

// Badge shows a state.
func (v *visit) Badge(s ledger.State) badge {
	if !slices.Contains(ledger.States(), s) {
		return badge{"unknown", string(s)}
	}
	return badge{string(s), v.State(s)}
}

// PhaseClass is the class of a batch's phase or a lane's status.
func (v *visit) PhaseClass(phase string) string {
	switch phase {
	case "done", "serving":
		return "good"
	case "running":
		return "run"
	case "suspended", "done, with failures":
		return "bad"
	default:
		return "warn"
	}
}

// Stopped translates what stops a batch; see [progress.Figures].
func (v *visit) Stopped(why string) string {
	for _, ending := range []string{"paused", "suspended"} {
		if lane, ok := strings.CutSuffix(why, " "+ending); ok {
			return v.T("Lane %s", strings.TrimPrefix(lane, "lane ")) + ": " + v.T(ending)
		}
	}
	return v.T(why)
}

// EventKind is the name of an event's kind.
func (v *visit) EventKind(kind string) string {
	if slices.Contains(ledger.States(), ledger.State(kind)) {
		return v.State(ledger.State(kind))
	}
	return v.T(kind)
}

// section is an entry of the navigation.
type section struct{ Path, Name string }

// Sections are the entries of the navigation.
func (v *visit) Sections() []section {
	return []section{{"/", "Batches"}, {"/lanes", "Lanes"}, {"/workers", "Workers"}, {"/doctor", "Doctor"}, {"/events", "Events"}}
}
