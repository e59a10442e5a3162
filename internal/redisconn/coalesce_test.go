package redisconn

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"havip/test/redistest"
)

// Concurrent commands share a round trip, and each gets its own answer.
func TestCoalesce_sharesRoundTrips(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := Coalesce(server.Client(t))
	echo := redis.NewScript("return ARGV[1]")
	const callers, each = 50, 40
	var calls sync.WaitGroup
	for i := range callers {
		calls.Go(func() {
			for n := range each {
				want := strconv.Itoa(i*each + n)
				if got, err := echo.Run(t.Context(), client, nil, want).Text(); err != nil || got != want {
					t.Errorf("asked for %q, and was answered %q, %v", want, got, err)
				}
			}
		})
	}
	calls.Wait()
	if trips := reads(t, client); trips > callers*each/2 {
		t.Errorf("%d calls of %d callers took about %d round trips", callers*each, callers, trips)
	}
}

// reads is how many packets, or parts of them, the server has read.
func reads(t *testing.T, client redis.UniversalClient) int {
	t.Helper()
	info, err := client.InfoMap(t.Context(), "stats").Result()
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(info["Stats"]["total_reads_processed"])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A canceled command returns at once and does not affect the others.
func TestCoalesce_endsWithTheContext(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := Coalesce(server.Client(t))
	if err := client.SRem(t.Context(), "k", "member").Err(); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	patient := make(chan error, 1)
	go func() { patient <- client.HSetNX(t.Context(), "claims", "patient", "p").Err() }()
	ctx, cancel := context.WithCancel(t.Context())
	given := make(chan error, 1)
	go func() { given <- client.HSetNX(ctx, "claims", "given up", "g").Err() }()
	cancel()
	if err := <-given; !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	if err := client.HSetNX(ctx, "claims", "never sent", "n").Err(); !errors.Is(err, context.Canceled) {
		t.Errorf("begun with an ended context: %v", err)
	}
	server.Resume()
	if err := <-patient; err != nil {
		t.Errorf("patient: %v", err)
	}
	if client.HExists(t.Context(), "claims", "never sent").Val() {
		t.Error("what was begun with an ended context was sent")
	}
}
