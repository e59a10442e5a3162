package worker

import (
	"context"
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"havip/bce"
	"havip/bce/bcesim"
	"havip/internal/lane"
	"havip/tasks"
)

// keyed is a lane of this endpoint that uses the key.
func keyed(t *testing.T, url, key string) LaneConfig {
	t.Helper()
	client, err := bce.NewClient(bce.Config{Endpoint: url, Credentials: bce.NewStaticProvider(bce.NewCredentials(key, key, ""))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	cloud, err := CloudOf(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	return LaneConfig{Lane: tasks.Lane{Account: "default", Region: "bj"}, API: client, Cloud: cloud}
}

// usedLane is a fixture whose lane has n HaVIPs, created by the key "first" at the URL. The key "changed" is of the same
// account, and "another" of another.
func usedLane(t *testing.T, n int) (f *workerFixture, url string) {
	t.Helper()
	f = newFixture(t, "")
	f.sim = bcesim.New(bcesim.Options{Credentials: []bcesim.Credential{
		{AccessKeyID: "first", SecretAccessKey: "first", Account: "a"},
		{AccessKeyID: "changed", SecretAccessKey: "changed", Account: "a"},
		{AccessKeyID: "another", SecretAccessKey: "another", Account: "b"},
	}})
	server := httptest.NewServer(f.sim)
	t.Cleanup(func() { f.sim.Close(); server.Close() })
	w := f.start(t, "w1", keyed(t, server.URL, "first"))
	f.enqueue(t, "bj", n)
	f.await(t)
	w.Stop()
	return f, server.URL
}

// A lane is one endpoint and one account: who differs is refused, unless it is on purpose. A key that was changed
// is no other account.
func TestLaneIsOneCloud(t *testing.T) {
	t.Parallel()
	f, url := usedLane(t, 3)
	elsewhere := httptest.NewServer(f.sim)
	t.Cleanup(elsewhere.Close)
	begin := func(name string, l LaneConfig, move bool) error {
		w, err := Start(Config{Redis: f.rdb, Lanes: []LaneConfig{l}, Name: name, AllowOtherAccount: move})
		if err == nil {
			w.Stop()
		}
		return err
	}
	var other *OtherCloudError
	if err := begin("w2", keyed(t, url, "first"), false); err != nil {
		t.Errorf("the same: %v", err)
	}
	if err := begin("w3", keyed(t, url, "changed"), false); err != nil {
		t.Errorf("another key of the account: %v", err)
	}
	if err := begin("w4", keyed(t, url, "another"), false); !errors.As(err, &other) || other.Endpoint != "" {
		t.Errorf("another account's key: %v", err)
	}
	if err := begin("w5", keyed(t, elsewhere.URL, "first"), false); !errors.As(err, &other) || other.Endpoint != url {
		t.Errorf("another endpoint: %v", err)
	}
	if err := begin("w6", keyed(t, elsewhere.URL, "first"), true); err != nil {
		t.Errorf("on purpose: %v", err)
	}
	if err := begin("w7", keyed(t, url, "first"), false); !errors.As(err, &other) {
		t.Errorf("back again: %v", err)
	}
}

// After everything was deleted by hand, another key may be anybody's: it is refused, before and when a worker starts,
// until somebody says that it is on purpose.
func TestKeyChangedAfterAllWasDeletedByHand(t *testing.T) {
	t.Parallel()
	f, url := usedLane(t, 2)
	first, changed := keyed(t, url, "first"), keyed(t, url, "changed")
	for _, there := range f.sim.Truth().Live() {
		if _, err := first.API.DeleteHaVIP(t.Context(), there.HaVIPID, ""); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		move, refused bool
	}{{false, true}, {true, false}, {false, false}} {
		config := Config{Redis: f.rdb, Lanes: []LaneConfig{changed}, Name: "w2", AllowOtherAccount: step.move}
		var other *OtherCloudError
		if err := Check(t.Context(), config); errors.As(err, &other) != step.refused {
			t.Errorf("%+v: check: %v", step, err)
		}
		w, err := Start(config)
		if errors.As(err, &other) != step.refused {
			t.Errorf("%+v: start: %v", step, err)
		}
		if err == nil {
			w.Stop()
		}
	}
}

// A key that may neither read nor list cannot be checked, and is accepted. If BCE does not answer, a key is refused.
func TestKeyThatCannotBeTold(t *testing.T) {
	t.Parallel()
	f, url := usedLane(t, 1)
	config := Config{Redis: f.rdb, Lanes: []LaneConfig{keyed(t, url, "changed")}, Name: "w2"}
	for answer, refused := range map[string]bool{"400/ServiceUpgrading": true, "403/AccessDenied": false} {
		faults, err := bcesim.ParseFaults("get:answer:" + answer + ",list:answer:" + answer)
		if err == nil {
			err = f.sim.SetFaults(faults)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := Check(t.Context(), config); (err != nil) != refused {
			t.Errorf("%s: %v", answer, err)
		}
	}
}

// What existed before a ledger's first request is older than what that creates, as far as it is dated: a second
// ledger with the same file adopts what the first created a moment ago.
func TestSecondLedgerOfTheSameFile(t *testing.T) {
	t.Parallel()
	first := newFixture(t, "")
	first.start(t, "w1", keyed(t, first.url, bcesim.SandboxKey))
	first.enqueue(t, "bj", 3)
	first.await(t)

	second := newFixture(t, "")
	began := time.Now()
	second.start(t, "w2", keyed(t, first.url, bcesim.SandboxKey))
	second.enqueue(t, "bj", 3)
	if b := second.await(t); b.Counts["adopted"] != 3 {
		t.Errorf("counts %v after %s", b.Counts, time.Since(began))
	}
}

// A worker that starts while the lane's first one still waits has to wait as well, and so has one that starts after that
// was killed; a worker that comes later has not.
func TestEveryWorkerAwaitsTheFirstUse(t *testing.T) {
	t.Parallel()
	first := newFixture(t, "")
	first.start(t, "w1", keyed(t, first.url, bcesim.SandboxKey))
	first.enqueue(t, "bj", 3)
	first.await(t)

	second := newFixture(t, "")
	served := keyed(t, first.url, bcesim.SandboxKey)
	if _, ready, err := lane.Pin(t.Context(), second.rdb, served.Lane.String(), served.Cloud); err != nil || ready {
		t.Fatal(ready, err) // what a first worker has done while it waits
	}
	second.start(t, "w2", served)
	second.enqueue(t, "bj", 3)
	if b := second.await(t); b.Counts["adopted"] != 3 {
		t.Errorf("counts %v", b.Counts)
	}
	second.startWorker(t, Config{Lanes: []LaneConfig{served}, Name: "w3", Waits: func(tasks.Lane, time.Duration) {
		t.Error("a later worker waits, too")
	}})
}

// A key that is replaced while a worker runs by another account's creates nothing there. The lane is suspended with the reason
// until it has a key of its account.
func TestKeyReplacedByAnotherAccounts(t *testing.T) {
	t.Parallel()
	f, url := usedLane(t, 2)
	file := newKeyFile("first", "first")
	keys := NewKeyGuard(file)
	client, err := bce.NewClient(bce.Config{Endpoint: url, Credentials: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	l := keyed(t, url, "first")
	l.API, l.Keys = client, keys
	w, log := checking(t, f, l)
	log.await(t, "access key accepted")

	file.replace("another", "another")
	f.enqueue(t, "bj", 5) // three more
	log.await(t, "suspended: ")
	if held := suspensionsOf(t, f); len(held) != 1 || !strings.Contains(held[0].Message, "another account") {
		t.Errorf("with another account's key: suspensions %+v", held)
	}
	if n := len(f.sim.Truth().Live()); n != 2 {
		t.Errorf("%d HaVIPs exist, want the 2 that did", n)
	}
	file.replace("changed", "changed")
	if err := w.parts.Lanes[0].breaker.ProbeNow(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.await(t)
	f.exactlyOnce(t)
}

// What is accepted is the key that was checked, even if the source has another one by then.
func TestCheckedKeyIsTheAcceptedOne(t *testing.T) {
	t.Parallel()
	own, anothers := bce.NewCredentials("own", "s", ""), bce.NewCredentials("another", "s", "")
	file := newKeyFile("first", "s")
	keys := NewKeyGuard(file)
	keys.guard(bce.NewCredentials("first", "s", "").Fingerprint(), func(ctx context.Context, _ string) error {
		file.replace("own", "s")
		if used, err := keys.Retrieve(ctx); err != nil || !used.Same(anothers) {
			t.Errorf("the check uses %v, %v", used, err)
		}
		return errors.New("another account's")
	})
	file.replace("another", "s")
	if got, err := keys.Retrieve(t.Context()); err == nil {
		t.Errorf("got %v without an error", got)
	}
	if got, err := keys.Retrieve(withoutGuard(t.Context())); err != nil || !got.Same(own) {
		t.Errorf("without the guard: %v, %v", got, err)
	}
}

// A delete that BCE denies suspends deletions.
func TestDeniedDeletion(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	breaker := lane.NewBreaker(f.rdb, "default/bj")
	pass, err := lane.NewGate(breaker, nil, nil).EnterDeletion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	denied := tasks.ClassifyRemoval(bce.ResponseMeta{}, &bce.Error{Kind: bce.KindAPI, StatusCode: 403, Code: bce.CodeAccessDenied, Sent: true})
	if _, err := pass.Done(t.Context(), verdictOf(denied)); err != nil {
		t.Fatal(err)
	}
	held := suspensionsOf(t, f)
	if !slices.ContainsFunc(held, func(s lane.Suspension) bool { return s.Target == lane.TargetDeletions }) {
		t.Errorf("suspensions %v, want one of deletions", held)
	}
}
