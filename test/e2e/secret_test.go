package e2e

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"
)

// sessionToken is a temporary key's third part, and as secret as the second.
const sessionToken = "STStoken-e2e-0a1b2c3d4e5f"

// TestSecrets looks for keys and signatures wherever something is written: after a run with
// every kind of failure, logged as loudly as can be, there are none.
func TestSecrets(t *testing.T) {
	t.Parallel()
	const batch = "secret"
	w := newStack(t) // its simulator is replaced by one that knows the session token
	traces := newCollector(t)
	w.env = append(w.env, "BCE_SESSION_TOKEN="+sessionToken, "OTEL_EXPORTER_OTLP_ENDPOINT="+traces.url, "OTEL_BSP_SCHEDULE_DELAY=100")
	// A success would end the suspension: all requests are refused, and listings, which check the key, say
	// nothing of it.
	const listings = ",list:answer:503/ServiceUnavailable"
	w.startSim(t, "--log-level", "debug", "--faults", "create:answer:400/SignatureDoesNotMatch"+listings)
	rows := rowsOf(30)
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rows))
	worker := w.worker(t, "--log-level", "trace")
	w.awaitSuspension(t, 1)
	before := w.suspensions(t)[0].Failures
	w.faults(t, "create:answer:403/InvalidAccessKeyId"+listings)
	w.worker(t, "--log-level", "trace") // tries at once whether it is over
	w.awaitSuspension(t, before+1)
	w.faults(t, "create:commit-500=x3,create:html-502=x3,create:commit-reset=x3,create:commit-truncated=x3,create:429=x2")
	metered := w.worker(t, "--log-level", "trace", "--listen", "127.0.0.1:0")
	w.enqueue(t, "watch", batch, "--timeout", patience.String(), "--exit-status")
	requireTruth(t, rows, w.results(t, batch), w.truth(t))
	w.faults(t, "create:skew=x1:2h") // alone: a clock that steps while an outcome is unknown costs minutes
	w.enqueue(t, "create", "--name", "late", "--subnet", "sbn-e2e", "--wait")
	for _, args := range [][]string{{"results", batch, "-o", "json", "--attempts"}, {"status", batch, "-o", "json"}, {"help", "environment"}} {
		w.enqueue(t, args...)
	}
	signatures := w.signatures(t)
	stored := dump(t, w.redis.Client(t))
	if !strings.Contains(stored, rows[0].name) || !strings.Contains(worker.stderr.String(), "SignatureDoesNotMatch") {
		t.Fatal("the dump or the log lacks what it must have: the search would find nothing anyway")
	}
	metrics := served(t, metered, "/metrics")
	if !strings.Contains(metrics, "havip_attempts_total{") {
		t.Fatal("the metrics lack the attempts:\n" + metrics)
	}
	metered.signal(syscall.SIGTERM) // its last traces are sent
	if code := metered.wait(t); code != 0 {
		t.Fatalf("the worker ended with %d", code)
	}
	traced := traces.text()
	for _, what := range []string{"enqueue item", "process item", "POST /v1/havip", "havip.request_id", "havip.key"} {
		if !strings.Contains(traced, what) {
			t.Errorf("the traces lack %q", what)
		}
	}
	for place, text := range map[string]string{"output": w.said(), "Redis": stored, "metrics": metrics, "traces": traced} {
		for _, secret := range append(signatures, secretKey, sessionToken, "bce-auth-v1/") {
			if i := strings.Index(text, secret); i >= 0 {
				t.Errorf("%q stands in %s: …%s…", secret, place, text[max(0, i-100):min(len(text), i+100)])
			}
		}
	}
}

// servingHTTP is what a worker logs about its --listen address.
var servingHTTP = regexp.MustCompile(`"address":"([^"]+)",[^\n]*"message":"serving HTTP for --listen"`)

// served is what a worker answers at --listen.
func served(t *testing.T, worker *process, path string) string {
	t.Helper()
	address := servingHTTP.FindStringSubmatch(worker.stderr.String())
	if address == nil {
		t.Fatal("the worker says no address")
	}
	response, err := http.Get("http://" + address[1] + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v: %s", path, response.Status, err, body)
	}
	return string(body)
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
