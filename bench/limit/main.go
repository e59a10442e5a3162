// Limit measures how two workers use a limit of BCE's own that they do not know, and one that moves.
package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/bce"
	"havip/bce/bcesim"
	"havip/bench/lab"
	"havip/internal/worker"
	"havip/ledger"
	"havip/tasks"
)

// What is claimed, after the first 5 s.
const (
	maxRefused  = 3.0  // per cent
	minGoodput  = 95.0 // per cent of the limit
	maxSettling = 5.0  // s
)

var lane = tasks.Lane{Account: "default", Region: "bj"}

func main() {
	period := flag.Duration("period", 30*time.Second, "how long each limit is measured")
	flag.Parse()
	lab.Main(8*time.Minute, func(ctx context.Context, site *lab.Site, claims *lab.Claims) error {
		for _, limit := range []float64{5, 50} {
			if err := steady(ctx, site, claims, limit, *period); err != nil {
				return err
			}
		}
		return moving(ctx, site, claims, *period)
	})
}

// steady measures a limit that is a tenth of what is configured.
func steady(ctx context.Context, site *lab.Site, claims *lab.Claims, limit float64, period time.Duration) error {
	cloud := newCloud(limit)
	defer cloud.Close()
	stop, err := work(ctx, site, cloud, 10*limit, int(limit*(period.Seconds()+10)*1.3))
	if err != nil {
		return err
	}
	defer stop()
	began := time.Now()
	if err := sleep(ctx, 5*time.Second+period); err != nil {
		return err
	}
	accepted, refused := cloud.between(began.Add(5*time.Second), began.Add(5*time.Second+period))
	what := fmt.Sprintf("of a limit of %g/s under a setting of %g/s", limit, 10*limit)
	claims.AtLeast("% used "+what, []float64{100 * accepted / period.Seconds() / limit}, minGoodput, "")
	claims.AtMost("% refused "+what, []float64{100 * refused / (accepted + refused)}, maxRefused, "")
	return nil
}

// moving measures how long a limit takes to be followed down and up.
func moving(ctx context.Context, site *lab.Site, claims *lab.Claims, period time.Duration) error {
	cloud := newCloud(50)
	defer cloud.Close()
	stop, err := work(ctx, site, cloud, 100, int(50*(period.Seconds()+10)*2))
	if err != nil {
		return err
	}
	defer stop()
	if err := sleep(ctx, 10*time.Second); err != nil {
		return err
	}
	lowered := time.Now()
	cloud.setLimit(5)
	if err := sleep(ctx, period); err != nil {
		return err
	}
	raised := time.Now()
	cloud.setLimit(50)
	if err := sleep(ctx, observed+time.Second); err != nil {
		return err
	}
	claims.AtMost("s until a limit of 50/s that is now 5/s is obeyed", []float64{cloud.settled(lowered, 3.5, 6.5)}, maxSettling, "")
	claims.AtMost("s until a limit of 5/s that is now 50/s is used", []float64{cloud.settled(raised, 45, math.Inf(1))}, maxSettling, "")
	return nil
}

// work enqueues items and starts two workers.
func work(ctx context.Context, site *lab.Site, cloud *cloud, rps float64, items int) (stop func(), err error) {
	server, err := site.Redis(ctx)
	if err != nil {
		return nil, err
	}
	rdb := server.Client()
	if err := enqueue(ctx, rdb, items); err != nil {
		return nil, err
	}
	client, err := bce.NewClient(bce.Config{
		Endpoint: cloud.URL, Credentials: bce.NewStaticProvider(bce.NewCredentials(bcesim.SandboxKey, bcesim.SandboxKey, "")),
	})
	if err != nil {
		return nil, err
	}
	var workers []*worker.Worker
	for _, name := range []string{"one", "two"} {
		w, err := worker.Start(worker.Config{Redis: rdb, Name: name, Logger: zerolog.Nop(), Lanes: []worker.LaneConfig{{Lane: lane, API: client, RPS: rps}}})
		if err != nil {
			return nil, err
		}
		workers = append(workers, w)
	}
	return func() {
		for _, w := range workers {
			w.Stop()
		}
		server.Close()
	}, nil
}

func enqueue(ctx context.Context, rdb redis.UniversalClient, items int) error {
	producer := tasks.NewProducer(ledger.New(rdb), asynq.NewClientFromRedisClient(rdb), rdb)
	return producer.Apply(ctx, "limit", ledger.Source{}, func(yield func(tasks.Row, error) bool) {
		for i := range items {
			item := tasks.Item{Request: tasks.Request{Name: fmt.Sprintf("vip-%d", i), SubnetID: "sbn-1"}}.WithDefaults("bj")
			if !yield(tasks.Row{Line: i + 1, Item: item}, nil) {
				return
			}
		}
	}, nil)
}

// cloud is a simulator that answers after 50 ms, behind a limit of creates that can be moved.
type cloud struct {
	*httptest.Server
	sim *bcesim.Server

	mu      sync.Mutex
	limit   float64
	tokens  float64
	filled  time.Time
	answers []answer
}

type answer struct {
	at      time.Time
	refused bool
}

func newCloud(limit float64) *cloud {
	c := &cloud{sim: bcesim.New(bcesim.Options{Latency: 50 * time.Millisecond}), limit: limit, tokens: limit, filled: time.Now()}
	c.Server = httptest.NewServer(c)
	return c
}

func (c *cloud) setLimit(limit float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limit = limit
}

// ServeHTTP refuses creates above the limit, a bucket that holds a second's worth.
func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || c.accept() {
		c.sim.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusTooManyRequests)
	_, _ = w.Write([]byte(`{"code":"RateLimit","message":"too many requests","requestId":"r"}`))
}

func (c *cloud) accept() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.tokens = min(c.limit, c.tokens+now.Sub(c.filled).Seconds()*c.limit)
	c.filled = now
	refused := c.tokens < 1
	if !refused {
		c.tokens--
	}
	c.answers = append(c.answers, answer{now, refused})
	return !refused
}

func (c *cloud) between(from, to time.Time) (accepted, refused float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.answers {
		switch {
		case a.at.Before(from) || !a.at.Before(to):
		case a.refused:
			refused++
		default:
			accepted++
		}
	}
	return accepted, refused
}

// observed is how long is waited for a limit to be followed.
const observed = 14 * time.Second

// settled returns the seconds until the creates of a second are first as many as wanted, and at most a tenth is refused. It is observed if
// they never are.
func (c *cloud) settled(change time.Time, low, high float64) float64 {
	for after := time.Duration(0); after < observed; after += 100 * time.Millisecond {
		at := change.Add(after)
		accepted, refused := c.between(at, at.Add(time.Second))
		if accepted >= low && accepted <= high && refused <= 0.1*(accepted+refused) {
			return after.Seconds()
		}
	}
	return observed.Seconds()
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
