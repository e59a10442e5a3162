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

// collect reads the listing to its end.
func collect(t *testing.T, client *Client, options ListOptions) (ids []string) {
	t.Helper()
	for {
		page, err := client.ListHaVIPs(t.Context(), options)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range page.HaVIPs {
			ids = append(ids, h.ID)
		}
		if options.Marker = page.NextMarker; options.Marker == "" {
			return ids
		}
	}
}

func TestListByMarker(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ n, size, calls int }{{0, 2, 1}, {1, 2, 1}, {2, 2, 1}, {3, 2, 2}, {5, 2, 3}, {5, 0, 1}} {
		var calls atomic.Int32
		client, _ := newTestClient(t, pages(t, c.n, &calls).URL, nil)
		ids := collect(t, client, ListOptions{PageSize: c.size})
		var want []string
		for i := range c.n {
			want = append(want, fmt.Sprint("havip-", i))
		}
		if diff := cmp.Diff(want, ids); diff != "" || int(calls.Load()) != c.calls {
			t.Errorf("%d HaVIPs by %d: %d calls, want %d; %s", c.n, c.size, calls.Load(), c.calls, diff)
		}
	}
}

// TestListAnswers: an unreadable page must not look empty, or a caller would take a HaVIP for missing.
func TestListAnswers(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct {
		next string
		bad  string
	}{
		`{"haVips":[]}`:                                            {"", ""},
		`{"haVips":[],"isTruncated":false}`:                        {"", ""},
		`{"haVips":[],"isTruncated":false,"nextMarker":"a"}`:       {"", ""},
		`{"haVips":[],"nextMarker":"a"}`:                           {"a", ""},
		`{"haVips":[],"isTruncated":true,"nextMarker":"a"}`:        {"a", ""},
		`{"haVips":[{"haVipId":"a","createdTime":5}]}`:             {"", ""},
		`{"haVips":[{"haVipId":"a","createdTime":"gestern"}]}`:     {"", ""},
		`{"haVips":[{"haVipId":"a","privateIpAddress":"\u0007"}]}`: {"", ""},
		`{"haVips":[],"isTruncated":true}`:                         {"", "no nextMarker"},
		`{}`:                                                       {"", "no array haVips"},
		`{"haVips":null}`:                                          {"", "no array haVips"},
		`{"haVips":{}}`:                                            {"", "not the JSON expected"},
		`{"haVips":[{"name":"a"}]}`:                                {"", "entry 0: answer has no haVipId"},
		`{"haVips":[{"haVipId":"a"},null]}`:                        {"", "entry 1: answer has no haVipId"},
		``:                                                         {"", "empty"},
		`[]`:                                                       {"", "not a JSON object"},
	} {
		rec := &recorder{answer: body}
		client, _ := rec.serve(t, nil)
		out, err := client.ListHaVIPs(t.Context(), ListOptions{})
		switch {
		case want.bad == "" && (err != nil || out.NextMarker != want.next || out.HaVIPs == nil):
			t.Errorf("%s: %+v, %v", body, out, err)
		case want.bad == "" && len(out.HaVIPs) > 0 && out.HaVIPs[0].PrivateIPAddress != "":
			t.Errorf("%s: an address that is none was taken: %+v", body, out)
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
