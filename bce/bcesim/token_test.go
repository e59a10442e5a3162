package bcesim

import (
	"net/http"
	"sync"
	"testing"
	"time"
)

func TestTokenReplays(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{})
	body := createBody("a", "sbn-a", "")
	first := f.created("t", body)
	if again := f.created("t", body); again != first {
		t.Errorf("the same token made %s and %s", first, again)
	}
	if other := f.created("u", body); other == first {
		t.Error("another token was given the first one's HaVIP")
	}
	stats := f.sim.Stats()
	if stats.Replays != 1 || stats.Live != 2 || stats.Duplicates != 1 || stats.TokenTwice != 0 {
		t.Errorf("%+v", stats)
	}
	// The result is the same even when its HaVIP is gone.
	f.wants(http.MethodDelete, "/v1/havip/"+first, "", 200, "")
	if again := f.created("t", body); again != first {
		t.Errorf("after the delete the token made %s", again)
	}
}

func TestNoTokenAlwaysCreates(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{})
	body := createBody("a", "sbn-a", "")
	first, second := f.created("", body), f.created("", body)
	if first == second {
		t.Error("two creates without a token were one")
	}
	if stats := f.sim.Stats(); stats.WithoutToken != 2 || stats.Duplicates != 1 {
		t.Errorf("%+v", stats)
	}
}

func TestTokenMismatch(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{})
	id := f.created("t", createBody("a", "sbn-a", ""))
	for _, tt := range []struct{ what, method, target, body string }{
		{"body", http.MethodPost, "/v1/havip?clientToken=t", createBody("b", "sbn-a", "")},
		{"one byte of the body", http.MethodPost, "/v1/havip?clientToken=t", createBody("a", "sbn-a", "") + " "},
		{"query", http.MethodPost, "/v1/havip?clientToken=t&x=1", createBody("a", "sbn-a", "")},
		{"path", http.MethodPut, "/v1/havip/" + id + "?modifyAttribute&clientToken=t", createBody("a", "sbn-a", "")},
		{"method", http.MethodDelete, "/v1/havip/" + id + "?clientToken=t", ""},
	} {
		t.Run(tt.what, func(t *testing.T) {
			t.Parallel()
			b := *f
			b.t = t
			b.wants(tt.method, tt.target, tt.body, 403, CodeIdempotentMismatch)
		})
	}
}

// A token lives 24 hours from the last time it was received, not from the first.
func TestTokenWindowSlides(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{})
	body := createBody("a", "sbn-a", "")
	first := f.created("t", body)
	for range 3 {
		f.clock.Advance(24 * time.Hour)
		if again := f.created("t", body); again != first {
			t.Fatalf("within 24 hours of the last receipt the token made %s", again)
		}
	}
	f.clock.Advance(23 * time.Hour)
	f.wants(http.MethodPost, "/v1/havip?clientToken=t", createBody("b", "sbn-a", ""), 403, CodeIdempotentMismatch)
	f.clock.Advance(23 * time.Hour)
	if again := f.created("t", body); again != first {
		t.Errorf("a mismatch is a receipt, too, but the token made %s", again)
	}
	f.clock.Advance(24*time.Hour + time.Second)
	second := f.created("t", body)
	if second == first {
		t.Error("a token that is dead was remembered")
	}
	if again := f.created("t", body); again != second {
		t.Errorf("the token's second life gave %s, want %s", again, second)
	}
	if twice := f.sim.Truth().TokenTwice(); len(twice) != 1 || twice[0].HaVIPID != second {
		t.Errorf("%+v", twice)
	}
}

func TestRefusalsAreNotRemembered(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{Subnets: []Subnet{strictSubnet(t, "sbn-a=10.0.0.0/24")}})
	holder := f.created("", createBody("holder", "sbn-a", "10.0.0.9"))
	body := createBody("a", "sbn-a", "10.0.0.9")
	f.wants(http.MethodPost, "/v1/havip?clientToken=t", body, 400, CodePrivateIPInUse)
	f.wants(http.MethodDelete, "/v1/havip/"+holder, "", 200, "")
	f.created("t", body)
}

func TestTokenOfOtherOperations(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{})
	id := f.created("", createBody("a", "sbn-a", ""))
	for range 2 {
		f.wants(http.MethodDelete, "/v1/havip/"+id+"?clientToken=d", "", 200, "")
	}
	f.wants(http.MethodDelete, "/v1/havip/"+id, "", 404, CodeNoSuchObject)
}

// together starts n calls at once and returns their replies.
func together(n int, call func(i int) reply) []reply {
	replies := make([]reply, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			replies[i] = call(i)
		})
	}
	close(start)
	wg.Wait()
	return replies
}

func TestOneTokenAtOnce(t *testing.T) {
	t.Parallel()
	for _, concurrent := range []Concurrency{ConcurrentReplay, ConcurrentBlock} {
		t.Run(string(concurrent), func(t *testing.T) {
			t.Parallel()
			f := newSimFixture(t, Options{Personality: Personality{Concurrent: concurrent}})
			body := createBody("a", "sbn-a", "")
			ids := map[string]bool{}
			for _, got := range together(20, func(int) reply { return f.call(http.MethodPost, "/v1/havip?clientToken=t", body) }) {
				if got.err != nil || got.status != 200 {
					t.Fatalf("%+v", got)
				}
				ids[haVIPIDOf(t, got)] = true
			}
			if made := f.sim.Truth().HaVIPs; len(made) != 1 || len(ids) != 1 {
				t.Errorf("%d HaVIPs, %d IDs; want one of each", len(made), len(ids))
			}
		})
	}
}

func TestManyTokensAtOnce(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{Subnets: []Subnet{strictSubnet(t, "sbn-a=10.0.0.0/24")}})
	for _, got := range together(100, func(i int) reply {
		return f.call(http.MethodPost, "/v1/havip?clientToken="+name(i), createBody(name(i), "sbn-a", ""))
	}) {
		if got.err != nil || got.status != 200 {
			t.Fatalf("%+v", got)
		}
	}
	addresses := map[string]bool{}
	for _, h := range f.sim.Truth().Live() {
		addresses[h.PrivateIP] = true
	}
	if len(addresses) != 100 {
		t.Errorf("%d addresses for 100 HaVIPs", len(addresses))
	}
}
