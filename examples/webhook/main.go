// Webhook receives notifications of completed batches: it verifies each, prints it once, and answers.
//
//	export HAVIP_WEBHOOK_SECRET=whsec_$(openssl rand -base64 32)
//	go run ./examples/webhook &
//	worker --webhook-host 127.0.0.1:8099 &
//	enqueue apply havips.csv --on-complete http://127.0.0.1:8099/
//
// For other languages there are libraries at https://www.standardwebhooks.com.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// address is where it listens, unless the first argument says otherwise.
const address = "127.0.0.1:8099"

func main() {
	if err := run(os.Args[1:], os.Getenv("HAVIP_WEBHOOK_SECRET"), os.Stdout, os.Stderr); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "webhook:", err)
		os.Exit(1)
	}
}

func run(args []string, secret string, out, talk io.Writer) error {
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err != nil || secret == "" {
		return errors.New("HAVIP_WEBHOOK_SECRET: must be that of the workers")
	}
	listen := address
	if len(args) > 0 {
		listen = args[0]
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", listen)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(talk, "listening on http://%s/\n", listener.Addr())
	server := &http.Server{Handler: &receiver{verifier: verifier, out: out, done: map[string]bool{}}, ReadHeaderTimeout: 5 * time.Second}
	return server.Serve(listener)
}

// receiver acts on each notification once.
type receiver struct {
	verifier *standardwebhooks.Webhook
	out      io.Writer

	mu sync.Mutex
	// done has the IDs of notifications that were acted on. A real receiver keeps them where what it does is
	// kept, and writes both in one transaction.
	done map[string]bool
}

// notification is the part of a message that is of interest here.
type notification struct {
	ID   string `json:"id"`
	Data struct {
		Batch      string           `json:"batch"`
		Completion int              `json:"completion"`
		Total      int64            `json:"total"`
		Failed     int64            `json:"failed"`
		Counts     map[string]int64 `json:"counts"`
	} `json:"data"`
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, 1<<20))
	if err != nil {
		http.Error(w, "too long", http.StatusRequestEntityTooLarge)
		return
	}
	// The bytes as they came: JSON that was read and written again has another signature.
	if err := r.verifier.Verify(body, request.Header); err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	var n notification
	if err := json.Unmarshal(body, &n); err != nil {
		http.Error(w, "not a notification", http.StatusBadRequest)
		return
	}
	r.act(n)
	w.WriteHeader(http.StatusNoContent)
}

// act does what is to be done. A notification is sent at least once; if it is repeated, it is only answered.
func (r *receiver) act(n notification) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done[n.ID] {
		return
	}
	r.done[n.ID] = true
	_, _ = fmt.Fprintf(r.out, "completion %d of batch %q: %d items, %d failed, %v\n",
		n.Data.Completion, n.Data.Batch, n.Data.Total, n.Data.Failed, n.Data.Counts)
}
