package e2e

import (
	"encoding/base64"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

var exampleAddress = regexp.MustCompile(`listening on http://(\S+)/`)

// TestWebhookExample runs the example of a receiver: a worker tells it, and what is told twice
// it acts on once. What nobody signed, it refuses.
func TestWebhookExample(t *testing.T) {
	t.Parallel()
	const batch = "example"
	w := newStack(t)
	example := start(t, command{program: "webhook", args: []string{"127.0.0.1:0"}, env: append(bareEnvironment(w.dir), "HAVIP_WEBHOOK_SECRET="+webhookSecret())})
	example.awaitText(t, "\n")
	address := exampleAddress.FindStringSubmatch(example.stderr.String())[1]
	w.notifier(t, &receiver{t: t, url: "http://" + address})
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rowsOf(4)), "--on-complete", "http://"+address+"/")
	w.awaitNotified(t, batch, 1)
	golden(t, "TestWebhookExample", example.stdout.String())

	body := `{"id":"havip_x","data":{"batch":"other","completion":1}}`
	for _, want := range []int{http.StatusNoContent, http.StatusNoContent} {
		if got := post(t, address, body, sign(t, webhookKey, body)); got != want {
			t.Errorf("status %d, want %d", got, want)
		}
	}
	if got := post(t, address, body, sign(t, []byte("a key that the receiver does not have"), body)); got != http.StatusUnauthorized {
		t.Errorf("a foreign signature: status %d", got)
	}
	if got := post(t, address, body, http.Header{}); got != http.StatusUnauthorized {
		t.Errorf("no signature: status %d", got)
	}
	if n := strings.Count(example.stdout.String(), `"other"`); n != 1 {
		t.Errorf("acted %d times on one notification", n)
	}
}

func sign(t *testing.T, key []byte, body string) http.Header {
	t.Helper()
	signer, err := standardwebhooks.NewWebhook(base64.StdEncoding.EncodeToString(key))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	signature, err := signer.Sign("havip_x", now, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	head := http.Header{}
	head.Set("webhook-id", "havip_x")
	head.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	head.Set("webhook-signature", signature)
	return head
}

func post(t *testing.T, address, body string, head http.Header) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = head
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}
