package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"
)

// Secrets that are like nothing else, beside secretKey and webhookSecret.
const (
	// sessionToken is a temporary key's third part, and as secret as the second.
	sessionToken  = "STStoken-e2e-0a1b2c3d4e5f"
	redisPassword = "REDISpass-e2e-5f4e3d2c1b0a"
	consoleToken  = "CONSOLEtoken-e2e-a0b1c2d3e4f5"
	// hookToken is in the query of a webhook's URL. Redis keeps it, and nothing shows it.
	hookToken = "HOOKtoken-e2e-f5e4d3c2b1a0"
	// otlpToken is what a collector asks for. It stands in a variable that is half wrong.
	otlpToken = "OTLPtoken-e2e-1f2e3d4c5b6a"
)

// TestSecrets looks for keys, passwords, tokens and signatures wherever something is written: after a run with
// every kind of failure, logged as loudly as can be, there are none.
func TestSecrets(t *testing.T) {
	t.Parallel()
	const batch = "secret"
	w := newStack(t) // its simulator is replaced by one that knows the session token
	traces := newCollector(t)
	hook := newReceiver(t, status(http.StatusServiceUnavailable))
	w.env = append(without(w.env, "HAVIP_REDIS_URL"), "HAVIP_REDIS_URL="+w.redisWithPassword(t), "BCE_SESSION_TOKEN="+sessionToken,
		"HAVIP_WEBHOOK_SECRET="+webhookSecret(), "HAVIP_WEBHOOK_HOST="+hook.host(), "HAVIP_CONSOLE_TOKENS=act li "+consoleToken,
		"OTEL_EXPORTER_OTLP_ENDPOINT="+traces.url, "OTEL_BSP_SCHEDULE_DELAY=100",
		"OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20"+otlpToken+","+otlpToken)
	// A success would end the suspension: all requests are refused, and listings, which check the key, say
	// nothing of it.
	const listings = ",list:answer:503/ServiceUnavailable"
	w.startSim(t, "--log-level", "debug", "--faults", "create:answer:400/SignatureDoesNotMatch"+listings)
	rows := rowsOf(30)
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rows), "--on-complete", hook.url+"/hook?token="+hookToken)
	worker := w.worker(t, "--log-level", "trace", "--listen", "127.0.0.1:0")
	w.awaitSuspension(t, 1)
	before := w.suspensions(t)[0].Failures
	w.faults(t, "create:answer:403/InvalidAccessKeyId"+listings)
	w.worker(t, "--log-level", "trace") // tries at once whether it is over
	w.awaitSuspension(t, before+1)
	suspended := pages(t, worker, batch, rows[0].key)
	w.faults(t, "create:commit-500=x3,create:html-502=x3,create:commit-reset=x3,create:commit-truncated=x3,create:429=x2")
	metered := w.worker(t, "--log-level", "trace", "--listen", "127.0.0.1:0")
	w.enqueue(t, "watch", batch, "--timeout", patience.String(), "--exit-status", "--on-complete", "cat /proc/[0-9]*/cmdline >processes 2>/dev/null; true")
	requireTruth(t, rows, w.results(t, batch), w.truth(t))
	hook.await(t, 2)
	w.faults(t, "create:skew=x1:2h") // alone: a clock that steps while an outcome is unknown costs minutes
	w.enqueue(t, "create", "--name", "late", "--subnet", "sbn-e2e", "--wait")
	for _, args := range [][]string{
		{"results", batch, "-o", "json", "--attempts"},
		{"status", batch, "-o", "json"},
		{"events", batch, "-o", "json"},
		{"workers", "-o", "json"},
		{"config"},
		{"help", "environment"},
	} {
		w.enqueue(t, args...)
	}
	places := map[string]string{
		"console":       suspended + pages(t, worker, batch, rows[0].key),
		"metrics":       visit(t, metered, http.MethodGet, "/metrics", nil),
		"Redis":         dump(t, w.redis.Client(t)),
		"Redis's files": w.redisFiles(t),
		"command lines": w.readText(t, "processes"),
	}
	metered.signal(syscall.SIGTERM) // its last traces are sent
	if code := metered.wait(t); code != 0 {
		t.Fatalf("the worker ended with %d", code)
	}
	signatures := w.signatures(t)
	w.redis.Kill()
	places["console without Redis"] = visit(t, worker, http.MethodGet, "/", nil)
	worker.signal(syscall.SIGQUIT) // it ends as in a panic, and shows all goroutines
	worker.wait(t)
	places["traces"], places["output"] = traces.text(), w.said()
	requireMarkers(t, places, rows[0].name)
	for place, text := range places {
		secrets := append(signatures, secretKey, sessionToken, redisPassword, string(webhookKey), webhookSecret(), consoleToken, otlpToken, "bce-auth-v1/")
		if !strings.HasPrefix(place, "Redis") {
			secrets = append(secrets, hookToken)
		}
		for _, secret := range secrets {
			if i := strings.Index(text, secret); i >= 0 {
				t.Errorf("%q stands in %s: …%s…", secret, place, text[max(0, i-100):min(len(text), i+100)])
			}
		}
	}
}

// requireMarkers: each place has what it must have; otherwise a search there would find nothing anyway.
func requireMarkers(t *testing.T, places map[string]string, name string) {
	t.Helper()
	for place, markers := range map[string][]string{
		"output":                {"SignatureDoesNotMatch", "notification attempt failed", "SIGQUIT: quit", "goroutine 1 "},
		"metrics":               {"havip_attempts_total{"},
		"traces":                {"enqueue item", "process item", "POST /v1/havip", "havip.request_id", "havip.key"},
		"Redis":                 {name, hookToken},
		"Redis's files":         {name, hookToken},
		"console":               {name, "SignatureDoesNotMatch", "Set-Cookie", "default/bj"},
		"console without Redis": {"503 Service Unavailable", "</html>"},
		"command lines":         {"enqueue\x00watch\x00", "worker\x00--rps\x00"},
	} {
		for _, marker := range markers {
			if !strings.Contains(places[place], marker) && (place != "command lines" || runtime.GOOS == "linux") {
				t.Errorf("%s: lacks %q:\n%s", place, marker, tail(places[place]))
			}
		}
	}
}

// redisWithPassword returns a URL of a user of the stack's Redis.
func (w *stack) redisWithPassword(t *testing.T) string {
	t.Helper()
	if err := w.redis.Client(t).Do(t.Context(), "ACL", "SETUSER", "havip", "on", ">"+redisPassword, "~*", "&*", "+@all").Err(); err != nil {
		t.Fatal(err)
	}
	return "redis://havip:" + redisPassword + "@" + w.redis.Addr() + "/0"
}

// redisFiles is the content of everything that Redis has written: its append-only file and a snapshot.
func (w *stack) redisFiles(t *testing.T) string {
	t.Helper()
	rdb := w.redis.Client(t)
	err := rdb.ConfigSet(t.Context(), "rdbcompression", "no").Err() // compressed, a text would not be found
	if err = errors.Join(err, rdb.Save(t.Context()).Err()); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	err = filepath.WalkDir(w.redis.Dir(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		all.Write(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// servingHTTP is what a worker logs about its --listen address.
var servingHTTP = regexp.MustCompile(`"address":"([^"]+)",[^\n]*"message":"serving HTTP for --listen"`)

// pages are all routes of a worker's console, with a sign-in and an action.
func pages(t *testing.T, worker *process, batch, key string) string {
	t.Helper()
	var all strings.Builder
	for _, path := range []string{
		"/", "/batch?name=" + batch, "/batch?name=" + batch + "&state=waiting", "/item?batch=" + batch + "&key=" + key,
		"/lanes", "/workers", "/doctor", "/events", "/events?batch=" + batch, "/act?op=cancel&batch=" + batch, "/act?op=limit&lane=default/bj",
		"/nowhere", "/login", "/language?to=zh-Hans", "/assets/console.js", "/livez", "/readyz",
	} {
		all.WriteString(visit(t, worker, http.MethodGet, path, nil))
	}
	all.WriteString(visit(t, worker, http.MethodPost, "/login", url.Values{"token": {consoleToken}}))
	all.WriteString(visit(t, worker, http.MethodPost, "/act", url.Values{"op": {"limit"}, "lane": {"default/bj"}, "rps": {"0"}, "reason": {"test"}}))
	return all.String()
}

// visit is what a worker answers at --listen to a person with the console's token, with its headers.
func visit(t *testing.T, worker *process, method, path string, form url.Values) string {
	t.Helper()
	address := servingHTTP.FindStringSubmatch(worker.stderr.String())
	if address == nil {
		t.Fatal("the worker says no address")
	}
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+address[1]+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+consoleToken)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultTransport.RoundTrip(request) // a redirect is an answer as well
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := httputil.DumpResponse(response, true)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// signatures are those of all requests that arrived.
func (w *stack) signatures(t *testing.T) []string {
	t.Helper()
	var signatures []string
	for _, c := range w.creates(t) {
		if c.Signature != "" {
			signatures = append(signatures, c.Signature)
		}
	}
	if len(signatures) == 0 {
		t.Fatal("no signature arrived")
	}
	return signatures
}

// dump is the content of every key in Redis.
func dump(t *testing.T, rdb redis.UniversalClient) string {
	t.Helper()
	var b strings.Builder
	keys := rdb.Scan(t.Context(), 0, "*", 1000).Iterator()
	for keys.Next(t.Context()) {
		key := keys.Val()
		fmt.Fprintf(&b, "%s: %v\n", key, content(t, rdb, key))
	}
	if err := keys.Err(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func content(t *testing.T, rdb redis.UniversalClient, key string) any {
	t.Helper()
	ctx := t.Context()
	var value any
	kind, err := rdb.Type(ctx, key).Result()
	switch kind {
	case "string":
		value, err = rdb.Get(ctx, key).Result()
	case "hash":
		value, err = rdb.HGetAll(ctx, key).Result()
	case "list":
		value, err = rdb.LRange(ctx, key, 0, -1).Result()
	case "set":
		value, err = rdb.SMembers(ctx, key).Result()
	case "zset":
		value, err = rdb.ZRangeWithScores(ctx, key, 0, -1).Result()
	case "stream":
		value, err = rdb.XRange(ctx, key, "-", "+").Result()
	case "none": // it has expired meanwhile
	default:
		t.Fatalf("key %s is a %s, which this dump cannot read", key, kind)
	}
	if err != nil && err != redis.Nil { //nolint:errorlint // go-redis returns it bare
		t.Fatal(err)
	}
	return value
}
