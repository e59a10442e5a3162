package e2e

import (
	"context"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestWorkersRestartInTurn restarts each of two workers while both have as many requests in flight as they take: no item fails, no request
// is repeated or cut off, and one of them is ready at any time.
func TestWorkersRestartInTurn(t *testing.T) {
	t.Parallel()
	const batch, workers, concurrency = "in-turn", 2, 4
	w := newStack(t, "--faults", "create:gate-before")
	w.env = append(w.env, longRequests)
	rows := rowsOf(60)
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rows))
	var fleet [workers]*process
	var ready readiness
	for i := range fleet {
		fleet[i] = w.worker(t, "--concurrency", "4", "--listen", "127.0.0.1:0")
		ready.follow(t, i, fleet[i])
	}
	stopWatching := ready.watch(t)
	defer stopWatching()
	w.fillGate(t, workers, concurrency)
	for i, old := range fleet {
		ready.turn.Add(1)
		old.signal(syscall.SIGTERM)
		old.awaitText(t, sayStopping)
		eventually(t, "the stopping worker is not ready, and the other is", func() bool { return ready.oneOf(i) })
		if old.ended() {
			t.Errorf("worker %d has ended with %d requests in flight", i, concurrency)
		}
		w.openGate(t)
		if code := old.wait(t); code != 0 {
			t.Errorf("worker %d: exit code %d", i, code)
		}
		fleet[i] = w.worker(t, "--concurrency", "4", "--listen", "127.0.0.1:0")
		ready.follow(t, i, fleet[i])
		w.awaitGate(t, concurrency+1) // those of the other, and the first of the new one, which goes alone
		w.openGate(t)
		w.awaitGate(t, workers*concurrency)
	}
	w.endFaults(t)
	w.enqueue(t, "watch", batch, "--timeout", patience.String(), "--exit-status")
	stopWatching()
	w.requireEachAnsweredOnce(t, batch, rows)
}

// readiness asks two workers all the time whether they are ready.
type readiness struct {
	addresses [2]atomic.Pointer[string]
	// turn is the number of the worker's restart that is under way; a worker is unready once in each.
	turn atomic.Int64
	// alone counts, for each worker, how often it was found unready while the other was ready.
	alone [2]atomic.Int64
}

// follow asks a new worker from now on, and waits until it is ready.
func (r *readiness) follow(t *testing.T, i int, worker *process) {
	t.Helper()
	said := servingHTTP.FindStringSubmatch(worker.stderr.String())
	if said == nil {
		t.Fatal("the worker says no address")
	}
	r.addresses[i].Store(&said[1])
	eventually(t, "the worker is ready", func() bool { return r.ask(t.Context(), i) })
	r.alone[i].Store(0)
}

func (r *readiness) ask(ctx context.Context, i int) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+*r.addresses[i].Load()+"/readyz", http.NoBody)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	return response.Body.Close() == nil && response.StatusCode == http.StatusOK
}

// oneOf reports whether a worker was found unready while the other was ready.
func (r *readiness) oneOf(i int) bool { return r.alone[i].Load() > 0 }

// watch asks until stop is called, and fails the test if no worker was ready at some moment.
func (r *readiness) watch(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for tick := time.NewTicker(5 * time.Millisecond); ctx.Err() == nil; <-tick.C {
			r.look(ctx, t)
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

// look asks the first worker once more after the second: if it is unready both times in one turn, it was so when the second was asked.
func (r *readiness) look(ctx context.Context, t *testing.T) {
	t.Helper()
	turn := r.turn.Load()
	before, second, after := r.ask(ctx, 0), r.ask(ctx, 1), r.ask(ctx, 0)
	switch {
	case ctx.Err() != nil || r.turn.Load() != turn:
	case !before && !after && second:
		r.alone[0].Add(1)
	case before && after && !second:
		r.alone[1].Add(1)
	case !before && !after && !second:
		t.Errorf("no worker is ready in turn %d", turn)
	}
}
