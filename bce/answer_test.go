package bce

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestCreateAnswers is the rule for what an answer to a create proves.
func TestCreateAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		want   Error
		text   string
	}{
		"code": {
			403, `{"code":"AccessDenied","message":"no","requestId":"r-body"}`,
			Error{Kind: KindAPI, Code: "AccessDenied", Message: "no", RequestID: "r-body"},
			"create havip: 403 AccessDenied: no (request id r-body)",
		},
		"code without request id": {
			500, `{"code":"InternalError","message":"oops"}`,
			Error{Kind: KindAPI, Code: "InternalError", Message: "oops", RequestID: "r-header"},
			"create havip: 500 InternalError: oops (request id r-header)",
		},
		"html": {
			502, "<html>\n<h1>502 Bad\tGateway</h1>",
			Error{Kind: KindUnreadable, Message: "<html> <h1>502 Bad Gateway</h1>", RequestID: "r-header"},
			"create havip: 502 answer is not a JSON object: <html> <h1>502 Bad Gateway</h1> (request id r-header)",
		},
		"empty error":      {503, "", Error{Kind: KindUnreadable, RequestID: "r-header"}, "create havip: 503 answer is empty (request id r-header)"},
		"no code":          {400, `{"message":"m"}`, Error{Kind: KindUnreadable, Message: "m", RequestID: "r-header"}, "create havip: 400 answer has no code: m (request id r-header)"},
		"code is a number": {400, `{"code":7}`, Error{Kind: KindUnreadable, Message: `{"code":7}`, RequestID: "r-header"}, ""},
		"array":            {400, `[{"code":"x"}]`, Error{Kind: KindUnreadable, Message: `[{"code":"x"}]`, RequestID: "r-header"}, ""},
		"two objects":      {400, `{"code":"x"}{"code":"y"}`, Error{Kind: KindUnreadable, Message: `{"code":"x"}{"code":"y"}`, RequestID: "r-header"}, ""},
		"redirect":         {307, ``, Error{Kind: KindUnreadable, Message: "answered by a server, a redirect to /elsewhere", RequestID: "r-header"}, ""},
		"success of {}":    {200, `{}`, Error{Kind: KindMissingID, Message: "{}", RequestID: "r-header", Err: ErrMissingID}, "create havip: 200 answer has no haVipId: {} (request id r-header)"},
		"success, empty":   {200, " \n", Error{Kind: KindUnreadable, RequestID: "r-header"}, ""},
		"success, null":    {200, `{"haVipId":null}`, Error{Kind: KindMissingID, Message: `{"haVipId":null}`, RequestID: "r-header", Err: ErrMissingID}, ""},
		"success, number":  {200, `{"haVipId":5}`, Error{Kind: KindUnreadable, Message: `{"haVipId":5}`, RequestID: "r-header"}, ""},
		"success, odd ID":  {200, `{"haVipId":"a b"}`, Error{Kind: KindUnreadable, Message: `{"haVipId":"a b"}`, RequestID: "r-header"}, ""},
		"success, html":    {200, `<html>login</html>`, Error{Kind: KindUnreadable, Message: `<html>login</html>`, RequestID: "r-header"}, ""},
		"success, cut":     {200, `{"haVipId":"havip-1`, Error{Kind: KindUnreadable, Message: `the answer broke off after 19 bytes: {"haVipId":"havip-1`, RequestID: "r-header"}, ""},
		"success with a code": {
			200, `{"code":"Weird","message":"m"}`,
			Error{Kind: KindMissingID, Code: "Weird", Message: "m", RequestID: "r-header", Err: ErrMissingID},
			"",
		},
		"no content": {204, ``, Error{Kind: KindUnreadable, RequestID: "r-header"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := &recorder{status: c.status, answer: c.body, header: http.Header{
				"X-Bce-Request-Id": {"r-header"}, "Date": {clientTime.Format(http.TimeFormat)}, "Location": {"/elsewhere"},
			}}
			client, seen := rec.serve(t, nil)
			failure := create(t.Context(), t, client)
			want := c.want
			want.Op, want.Sent, want.StatusCode, want.ServerDate = opCreate, true, c.status, clientTime
			if diff := cmp.Diff(&want, failure, cmpopts.IgnoreFields(Error{}, "Err")); diff != "" {
				t.Error(diff)
			}
			if (failure.Err == nil) != (want.Kind == KindAPI) || want.Err != nil && !errors.Is(failure, want.Err) {
				t.Errorf("cause = %v", failure.Err)
			}
			if c.text != "" && failure.Error() != c.text {
				t.Errorf("text\n got %s\nwant %s", failure, c.text)
			}
			expectFailure(t, failure, seen.only(t), want.Kind, true)
			if attempt := seen.only(t); attempt.Code != want.Code || attempt.RequestID != want.RequestID {
				t.Errorf("attempt = %+v", attempt)
			}
			if len(rec.requests()) != 1 {
				t.Errorf("the server saw %d requests", len(rec.requests()))
			}
		})
	}
}

func TestCreated(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 201, 202} {
		rec := &recorder{status: status, answer: "\n{\"haVipId\":\"havip-w2d4kgc3x0y1\",\"more\":[]}\n"}
		client, seen := rec.serve(t, nil)
		out, err := client.CreateHaVIPBody(t.Context(), "token-1", []byte(createBody))
		if err != nil || out.HaVIPID != "havip-w2d4kgc3x0y1" || out.StatusCode != status {
			t.Errorf("create = %+v, %v", out, err)
		}
		want := Attempt{
			Op: opCreate, Method: "POST", Path: "/v1/havip", ClientToken: "token-1", SignedAt: clientTime,
			BodyHash: bodyHash([]byte(createBody)), BodySize: len(createBody), Sent: true, StatusCode: status,
		}
		if diff := cmp.Diff(want, seen.only(t)); diff != "" {
			t.Error(diff)
		}
	}
}

// TestOperationsWithoutAnswer holds that a gateway's page is not a success of a delete.
func TestOperationsWithoutAnswer(t *testing.T) {
	t.Parallel()
	for body, good := range map[string]bool{"": true, "{}": true, " {\"requestId\":\"r\"}\n": true, "<html>": false, "[]": false, "{": false} {
		rec := &recorder{answer: body}
		client, _ := rec.serve(t, nil)
		if _, err := client.DeleteHaVIP(t.Context(), "havip-1", ""); (err == nil) != good {
			t.Errorf("delete answered with %q: %v", body, err)
		}
	}
	rec := &recorder{answer: "{}"}
	client, _ := rec.serve(t, nil)
	if _, err := client.GetSubnet(t.Context(), "sbn-1"); err == nil {
		t.Error("a subnet without an ID was accepted")
	}
	if _, err := client.GetHaVIP(t.Context(), "havip-1"); !errors.Is(err, ErrMissingID) {
		t.Errorf("get answered with {}: %v", err)
	}
}

func TestOversizedAnswer(t *testing.T) {
	t.Parallel()
	body := `{"haVipId":"havip-1"}`
	for limit, good := range map[int64]bool{int64(len(body)): true, int64(len(body) - 1): false} {
		rec := &recorder{answer: body}
		client, _ := rec.serve(t, func(c *Config) { c.MaxResponseBytes = limit })
		_, err := client.CreateHaVIPBody(t.Context(), "t", []byte(createBody))
		var failure *Error
		switch {
		case good && err != nil:
			t.Errorf("an answer of just the limit: %v", err)
		case !good && (!errors.As(err, &failure) || failure.Kind != KindUnreadable || !errors.Is(err, errOversized) || !failure.Sent):
			t.Errorf("an answer above the limit: %#v", err)
		}
	}
}

func TestEndlessAnswerEnds(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, strings.Repeat("x", 4096)); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	client, _ := newTestClient(t, server.URL, nil)
	if failure := create(t.Context(), t, client); !errors.Is(failure, errOversized) || len(failure.Message) > maxMessage {
		t.Errorf("failure = %v", failure)
	}
}

// TestErrorsHideSecrets has a server that echoes what it was sent, in every place from which
// text gets into an error.
func TestErrorsHideSecrets(t *testing.T) {
	t.Parallel()
	echoes := map[string]func(*http.Request) string{
		"authorization": func(r *http.Request) string { return r.Header.Get("Authorization") },
		"signature":     signatureOf,
		"token":         func(r *http.Request) string { return r.Header.Get("x-bce-security-token") },
		"secret":        func(*http.Request) string { return printSecret },
	}
	for place, format := range map[string]string{
		"message": `{"code":"SignatureDoesNotMatch","message":"got %s","requestId":"r"}`,
		"code":    `{"code":"%s","message":"m"}`,
		"id":      `{"code":"c","requestId":"%s"}`,
		"html":    `<html>%s</html>`,
		"cut":     strings.Repeat("-", maxMessage-30) + "%s",
		"success": `{"haVipId":"","message":"%s"}`,
		"odd ID":  `{"haVipId":"x %s"}`,
	} {
		for what, echo := range echoes {
			t.Run(what+" in "+place, func(t *testing.T) {
				t.Parallel()
				var signature string
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					signature = signatureOf(r)
					w.Header().Set("X-Bce-Request-Id", echo(r))
					if place != "success" && place != "odd ID" {
						w.WriteHeader(http.StatusBadRequest)
					}
					_, _ = fmt.Fprintf(w, format, echo(r))
				}))
				defer server.Close()
				client, seen := newTestClient(t, server.URL, nil)
				failure := create(t.Context(), t, client)
				shown := fmt.Sprintf("%v %+v %+v %v", failure, *failure, seen.only(t), failure.Err)
				assertNoSecret(t, "the error", shown)
				if strings.Contains(shown, signature[:16]) || strings.Contains(shown, authVersion) {
					t.Errorf("the authorization is shown: %s", shown)
				}
			})
		}
	}
}

func TestRequestIDOfSuccessHidesSecrets(t *testing.T) {
	t.Parallel()
	rec := &recorder{answer: `{"haVipId":"havip-1"}`, header: http.Header{"X-Bce-Request-Id": {printToken}}}
	client, seen := rec.serve(t, nil)
	out, err := client.CreateHaVIPBody(t.Context(), "t", []byte(createBody))
	if err != nil {
		t.Fatal(err)
	}
	assertNoSecret(t, "the output", fmt.Sprintf("%+v %+v", out, seen.only(t)))
}

// TestRedirectsAreNotFollowed: a redirected create would be sent again, and elsewhere.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		rec := &recorder{status: status, header: http.Header{"Location": {"/elsewhere"}}}
		client, _ := rec.serve(t, nil)
		if failure := create(t.Context(), t, client); failure.StatusCode != status || failure.Kind != KindUnreadable {
			t.Errorf("failure = %+v", failure)
		}
		if _, err := client.GetHaVIP(t.Context(), "havip-1"); err == nil {
			t.Error("a redirected get succeeds")
		}
		if n := len(rec.requests()); n != 2 {
			t.Errorf("status %d: the server saw %d requests; want 2", status, n)
		}
	}
}

// TestTransportErrorsHideSecrets has a server that answers with what net/http quotes in its
// own error.
func TestTransportErrorsHideSecrets(t *testing.T) {
	t.Parallel()
	addr := rawServer(t, func(_ int, conn net.Conn) {
		if _, err := readRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.WriteString(conn, printToken+" "+printSecret+"\r\n\r\n")
		}
	})
	client, seen := newTestClient(t, "http://"+addr, nil)
	failure := create(t.Context(), t, client)
	expectFailure(t, failure, seen.only(t), KindBroken, true)
	assertNoSecret(t, "the cause", failure.Err.Error())
	if !strings.Contains(failure.Error(), "[redacted]") || errors.Unwrap(failure.Err) == nil {
		t.Errorf("failure = %v; want net/http's words without the secrets, and its error", failure)
	}
}

func TestErrorIsOneBoundedLine(t *testing.T) {
	t.Parallel()
	rec := &recorder{status: 400, answer: `{"code":"` + strings.Repeat("C", 9999) + `","message":"a\nb\u0000\u001b[31m\u202e` + strings.Repeat("测", 9999) + `","requestId":"` + strings.Repeat("r", 9999) + `"}`}
	client, _ := rec.serve(t, nil)
	failure := create(t.Context(), t, client)
	text := failure.Error()
	if strings.ContainsAny(text, "\n\x00\x1b\u202e") || len(text) > maxMessage+3*maxWord || !utf8.ValidString(text) {
		t.Errorf("text of %d bytes: %q", len(text), text)
	}
	if len(failure.Message) > maxMessage || !strings.HasPrefix(failure.Message, "a b [31m 测") || !strings.HasSuffix(failure.Message, "…") {
		t.Errorf("message of %d bytes = %q", len(failure.Message), failure.Message)
	}
}

func TestRetryAfterIsKept(t *testing.T) {
	t.Parallel()
	rec := &recorder{status: 429, answer: `{"code":"RateLimit"}`, header: http.Header{"Retry-After": {"7"}}}
	client, _ := rec.serve(t, nil)
	failure := create(t.Context(), t, client)
	if !failure.HasRetryAfter || failure.RetryAfter != 7*time.Second {
		t.Errorf("retry after = %v, %t", failure.RetryAfter, failure.HasRetryAfter)
	}
}

func TestParseRetryAfter(t *testing.T) {
	t.Parallel()
	now := clientTime
	server := now.Add(-time.Hour)
	for value, want := range map[string]struct {
		wait time.Duration
		ok   bool
	}{
		"":                        {0, false},
		"soon":                    {0, false},
		"-1":                      {0, false},
		"1.5":                     {0, false},
		"0":                       {0, true},
		" 120 ":                   {2 * time.Minute, true},
		"99999999999999999999999": {maxRetryAfter, true},
		"9999999999":              {maxRetryAfter, true},
		server.Add(time.Minute).Format(http.TimeFormat):       {time.Minute, true},
		server.Add(-time.Minute).Format(http.TimeFormat):      {0, true},
		server.Add(2 * maxRetryAfter).Format(http.TimeFormat): {maxRetryAfter, true},
	} {
		wait, ok := parseRetryAfter(value, server, now)
		if wait != want.wait || ok != want.ok {
			t.Errorf("parseRetryAfter(%q) = %v, %t; want %v, %t", value, wait, ok, want.wait, want.ok)
		}
	}
	if wait, ok := parseRetryAfter(now.Add(time.Minute).Format(http.TimeFormat), time.Time{}, now); wait != time.Minute || !ok {
		t.Errorf("without a server's date: %v, %t", wait, ok)
	}
}

func TestClean(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                         "",
		"  a\r\n b\t":              "a b",
		"12345678":                 "12345678",
		"123456789":                "12345…",
		"测试测试":                     "测…",
		"a\xffb":                   "a b",
		strings.Repeat("x", 1<<20): "xxxxx…",
	} {
		if got := clean(in, 8); got != want {
			t.Errorf("clean(%.20q) = %q; want %q", in, got, want)
		}
	}
}

// FuzzAnswer checks invariants of the result for any body and status.
func FuzzAnswer(f *testing.F) {
	f.Add(200, []byte(`{"haVipId":"havip-1"}`), "1", "Mon, 02 Apr 2018 08:14:25 GMT")
	f.Add(403, []byte(`{"code":"AccessDenied","message":"m\u0000","requestId":"r"}`), "x", "")
	f.Add(502, []byte("<html>"+printSecret), "99999999999999999999", "")
	f.Add(200, []byte(`{"haVips":[{"haVipId":"a","createdTime":5}],"isTruncated":true}`), "", "")
	f.Fuzz(func(t *testing.T, status int, body []byte, retryAfter, date string) {
		for _, list := range []bool{false, true} {
			id, page := "", &ListHaVIPsOutput{}
			c := call{op: opCreate, read: func(b []byte) error {
				if list {
					return page.read(b)
				}
				var answer struct {
					HaVIPID string `json:"haVipId"`
				}
				err := decodeObject(b, &answer)
				id = answer.HaVIPID
				if err != nil {
					return err
				}
				return checkID(id)
			}}
			a := answer{
				status: status, body: body, sent: true, at: clientTime, redact: redactor{[4]string{printSecret, printToken}},
				header: http.Header{"Retry-After": {retryAfter}, "Date": {date}}, ctxErr: func(err error) error { return err },
			}
			_, failure := a.parse(c)
			switch {
			case failure == nil && (status < 200 || status > 299):
				t.Fatalf("status %d is a success", status)
			case failure == nil && !list && (id == "" || !isHeaderWord(id)):
				t.Fatalf("created without an ID: %q", body)
			case failure == nil && list && page.HaVIPs == nil:
				t.Fatalf("a page without an array: %q", body)
			case failure == nil:
				continue
			}
			text := failure.Error()
			if len(text) > 2*maxMessage+3*maxWord || clean(text, len(text)+1) != text {
				t.Fatalf("text is not one bounded line: %q", text)
			}
			if (failure.Kind == KindAPI) != (failure.Err == nil) || failure.Kind == KindAPI && failure.Code == "" || !failure.Sent || failure.StatusCode != status {
				t.Fatalf("failure = %+v", failure)
			}
			if failure.RetryAfter < 0 || failure.RetryAfter > maxRetryAfter {
				t.Fatalf("retry after = %v", failure.RetryAfter)
			}
			if strings.Contains(text, printSecret) || strings.Contains(text, printToken) {
				t.Fatalf("text shows a secret: %q", text)
			}
		}
	})
}
