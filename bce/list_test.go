package bce

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pages serves n HaVIPs by marker and maxKeys.
func pages(t *testing.T, n int, calls *atomic.Int32) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		query := r.URL.Query()
		from, _ := strconv.Atoi(query.Get("marker"))
		size, _ := strconv.Atoi(query.Get("maxKeys"))
		var entries []string
		for i := from; i < min(from+size, n); i++ {
			entries = append(entries, fmt.Sprintf(`{"haVipId":"havip-%d"}`, i))
		}
		end := `"isTruncated":false`
		if from+size < n {
			end = fmt.Sprintf(`"isTruncated":true,"nextMarker":"%d"`, from+size)
		}
		_, _ = fmt.Fprintf(w, `{"haVips":[%s],"marker":%q,"maxKeys":%d,%s}`, strings.Join(entries, ","), query.Get("marker"), size, end)
	}))
	t.Cleanup(server.Close)
	return server
}

func collect(t *testing.T, client *Client, options ListOptions) (ids []string, err error) {
	t.Helper()
	for h, err := range client.HaVIPs(t.Context(), options) {
		if err != nil {
			if h.ID != "" {
				t.Errorf("the error comes with HaVIP %q", h.ID)
			}
			return ids, err
		}
		ids = append(ids, h.ID)
	}
	return ids, nil
}

func TestHaVIPs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ n, size, calls int }{{0, 2, 1}, {1, 2, 1}, {2, 2, 1}, {3, 2, 2}, {5, 2, 3}, {5, 0, 1}} {
		var calls atomic.Int32
		client, _ := newTestClient(t, pages(t, c.n, &calls).URL, nil)
		ids, err := collect(t, client, ListOptions{PageSize: c.size})
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for i := range c.n {
			want = append(want, fmt.Sprint("havip-", i))
		}
		if diff := cmp.Diff(want, ids); diff != "" || int(calls.Load()) != c.calls {
			t.Errorf("%d HaVIPs by %d: %d calls, want %d; %s", c.n, c.size, calls.Load(), c.calls, diff)
		}
		if again, err := collect(t, client, ListOptions{PageSize: c.size}); err != nil || len(again) != c.n {
			t.Errorf("a second listing = %v, %v", again, err)
		}
	}
}

func TestHaVIPsIteratorIsReusable(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	client, _ := newTestClient(t, pages(t, 3, &calls).URL, nil)
	listing := client.HaVIPs(t.Context(), ListOptions{PageSize: 1})
	for range 2 {
		n := 0
		for _, err := range listing {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != 3 {
			t.Errorf("the listing has %d entries; want 3", n)
		}
	}
}

func TestHaVIPsStopsWhenAsked(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	client, _ := newTestClient(t, pages(t, 9, &calls).URL, nil)
	for _, err := range client.HaVIPs(t.Context(), ListOptions{PageSize: 2}) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("%d calls for the first entry", n)
	}
}

// TestHaVIPsRepeatedMarker would not end without the protection.
func TestHaVIPsRepeatedMarker(t *testing.T) {
	t.Parallel()
	for name, next := range map[string][]string{
		"same at once": {"a", "a"},
		"circle":       {"a", "b", "c", "b"},
		"own start":    {"a", "start"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				n := min(int(calls.Add(1)), len(next)) - 1
				_, _ = fmt.Fprintf(w, `{"haVips":[{"haVipId":"havip-1"}],"isTruncated":true,"nextMarker":%q}`, next[n])
			}))
			defer server.Close()
			client, _ := newTestClient(t, server.URL, nil)
			ids, err := collect(t, client, ListOptions{Marker: "start"})
			var failure *Error
			if !errors.Is(err, ErrRepeatedMarker) || !errors.As(err, &failure) || failure.StatusCode != http.StatusOK {
				t.Errorf("error = %#v", err)
			}
			if int(calls.Load()) != len(next) || len(ids) != len(next) {
				t.Errorf("%d calls, %d entries; want %d of each", calls.Load(), len(ids), len(next))
			}
		})
	}
}

func TestHaVIPsEndsWithAnError(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) > 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprint(w, `{"haVips":[{"haVipId":"havip-1"}],"isTruncated":true,"nextMarker":"a"}`)
	}))
	defer server.Close()
	client, _ := newTestClient(t, server.URL, nil)
	n, failures := 0, 0
	for _, err := range client.HaVIPs(t.Context(), ListOptions{}) {
		n++
		if err != nil {
			failures++
		}
	}
	if n != 2 || failures != 1 || calls.Load() != 2 {
		t.Errorf("%d yields, %d errors, %d calls; want 2, 1, 2", n, failures, calls.Load())
	}
}

// TestListAnswers: from an empty page somebody concludes that a HaVIP does not exist.
func TestListAnswers(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct {
		next string
		bad  string
	}{
		`{"haVips":[]}`:                                        {"", ""},
		`{"haVips":[],"isTruncated":false}`:                    {"", ""},
		`{"haVips":[],"isTruncated":false,"nextMarker":"a"}`:   {"", ""},
		`{"haVips":[],"nextMarker":"a"}`:                       {"a", ""},
		`{"haVips":[],"isTruncated":true,"nextMarker":"a"}`:    {"a", ""},
		`{"haVips":[{"haVipId":"a","createdTime":5}]}`:         {"", ""},
		`{"haVips":[{"haVipId":"a","createdTime":"gestern"}]}`: {"", ""},
		`{"haVips":[],"isTruncated":true}`:                     {"", "no nextMarker"},
		`{}`:                                                   {"", "no array haVips"},
		`{"haVips":null}`:                                      {"", "no array haVips"},
		`{"haVips":{}}`:                                        {"", "not the JSON expected"},
		`{"haVips":[{"name":"a"}]}`:                            {"", "entry 0: answer has no haVipId"},
		`{"haVips":[{"haVipId":"a"},null]}`:                    {"", "entry 1: answer has no haVipId"},
		``:                                                     {"", "empty"},
		`[]`:                                                   {"", "not a JSON object"},
	} {
		rec := &recorder{answer: body}
		client, _ := rec.serve(t, nil)
		out, err := client.ListHaVIPs(t.Context(), ListOptions{})
		switch {
		case want.bad == "" && (err != nil || out.NextMarker != want.next || out.HaVIPs == nil):
			t.Errorf("%s: %+v, %v", body, out, err)
		case want.bad != "" && (err == nil || !strings.Contains(err.Error(), want.bad)):
			t.Errorf("%s: error = %v; want %q in it", body, err, want.bad)
		}
	}
}

func TestListMayBeLargerThanOtherAnswers(t *testing.T) {
	t.Parallel()
	entry := `{"haVipId":"a","description":"` + strings.Repeat("x", 4096) + `"}`
	rec := &recorder{answer: `{"haVips":[` + entry + "," + entry + `]}`}
	small := func(c *Config) { c.MaxResponseBytes = 100 }
	client, _ := rec.serve(t, small)
	if _, err := client.ListHaVIPs(t.Context(), ListOptions{PageSize: 2}); err != nil {
		t.Error(err)
	}
	rec = &recorder{answer: `{"haVips":[` + strings.Repeat(entry+",", 9) + entry + `]}`}
	client, _ = rec.serve(t, small)
	if _, err := client.ListHaVIPs(t.Context(), ListOptions{PageSize: 2}); !errors.Is(err, errOversized) {
		t.Errorf("ten entries on a page of two: %v", err)
	}
}
