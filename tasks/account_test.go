package tasks

import (
	"context"
	"testing"
	"time"
)

// The first use of a lane waits for what is young, and where nobody can tell, and for nothing else.
func TestAwaitOlder(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	waits := func(name string, want bool) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		waited := time.Duration(0)
		err := f.handler.AwaitOlder(ctx, func(d time.Duration) {
			waited = d
			cancel()
		})
		if (err != nil) != want || (waited > 0) != want || waited > plainlyOlder+time.Second {
			t.Errorf("%s: waits %s, %v", name, waited, err)
		}
	}
	waits("nothing exists", false)
	if _, err := f.api.CreateHaVIPBody(t.Context(), "anothers", testItem("a", "").Request.Body()); err != nil {
		t.Fatal(err)
	}
	f.sim.Advance(-time.Minute) // so that it stays young
	waits("something young", true)
	f.sim.Advance(2 * time.Minute)
	waits("all is old", false)
	f.setFaults("list:answer:403/AccessDenied")
	waits("the key may not list", true)
}
