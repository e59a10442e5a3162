package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"havip/bce"
	"havip/bce/bcesim"
	"havip/internal/lane"
	"havip/ledger"
	"havip/tasks"
)

// lines is a log that tells who waits of each line.
type lines struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{}
}

func newLines() *lines { return &lines{changed: make(chan struct{})} }

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.changed)
	l.changed = make(chan struct{})
	return l.text.Write(p)
}

// await returns the first line with the text.
func (l *lines) await(t *testing.T, text string) string {
	t.Helper()
	for {
		l.mu.Lock()
		so, changed := l.text.String(), l.changed
		l.mu.Unlock()
		for line := range strings.Lines(so) {
			if strings.Contains(line, text) {
				return line
			}
		}
		select {
		case <-changed:
		case <-t.Context().Done():
			t.Fatalf("no %q in %s", text, so)
		}
	}
}

// checking starts a worker that checks the keys of its lane.
func checking(t *testing.T, f *workerFixture, l LaneConfig) (w *Worker, log *lines) {
	t.Helper()
	log = newLines()
	w, err := Start(Config{Redis: f.rdb, Lanes: []LaneConfig{l}, Name: "w1", CheckKeys: true, Logger: zerolog.New(log)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	return w, log
}

func suspensionsOf(t *testing.T, f *workerFixture) []lane.Suspension {
	t.Helper()
	held, err := lane.NewBreaker(f.rdb, "default/bj").Suspensions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return held
}

// A key that BCE refuses suspends its lane when the worker starts, before there is an item. The right one ends that by
// itself.
func TestKeyIsChecked(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	l := func(key, secret string) LaneConfig {
		client, err := bce.NewClient(bce.Config{Endpoint: f.url, Credentials: bce.NewStaticProvider(bce.NewCredentials(key, secret, ""))})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.CloseIdleConnections)
		return LaneConfig{Lane: tasks.Lane{Account: "default", Region: "bj"}, API: client}
	}
	for _, key := range []string{"nobody", bcesim.SandboxKey} {
		w, log := checking(t, f, l(key, "wrong-secret"))
		line := log.await(t, "access key refused by BCE")
		log.await(t, "suspended: ")
		if strings.Contains(line, "wrong-secret") {
			t.Errorf("a secret in the log: %s", line)
		}
		if held := suspensionsOf(t, f); len(held) != 1 || held[0].Target != lane.TargetLane || !keyCodes[held[0].Code] {
			t.Errorf("key %s: suspensions %+v", key, held)
		}
		w.Stop()
	}
	_, log := checking(t, f, l(bcesim.SandboxKey, bcesim.SandboxKey))
	log.await(t, "access key accepted")
	log.await(t, "no longer suspended")
	if held := suspensionsOf(t, f); len(held) != 0 {
		t.Errorf("with the right key: suspensions %+v", held)
	}
	f.enqueue(t, "bj", 3)
	f.await(t)
	f.exactlyOnce(t)
}

// keyFile is a provider whose credentials are replaced, as in a file.
type keyFile struct {
	current atomic.Pointer[bce.Credentials]
}

func newKeyFile(key, secret string) *keyFile {
	file := &keyFile{}
	file.replace(key, secret)
	return file
}

func (k *keyFile) replace(key, secret string) {
	credentials := bce.NewCredentials(key, secret, "")
	k.current.Store(&credentials)
}

func (k *keyFile) Retrieve(context.Context) (bce.Credentials, error) { return *k.current.Load(), nil }

// A replaced secret ends the suspension that the wrong one caused: without a restart, and without the wait for the next probe.
func TestReplacedKeyIsTriedAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	key := newKeyFile(bcesim.SandboxKey, "wrong-secret")
	client, err := bce.NewClient(bce.Config{Endpoint: f.url, Credentials: key})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	parts, err := Assemble(Config{
		Redis: f.rdb, Name: "w1", Logger: zerolog.Nop(), Lanes: []LaneConfig{{Lane: tasks.Lane{Account: "default", Region: "bj"}, API: client}},
	})
	if err != nil {
		t.Fatal(err)
	}
	l := parts.Lanes[0]
	l.followKey(t.Context())
	l.checkKey(t.Context())
	l.followKey(t.Context())
	if held := suspensionsOf(t, f); len(held) != 1 || held[0].Failures != 1 {
		t.Fatalf("with the same wrong secret: suspensions %+v, want one that nothing has probed", held)
	}
	key.replace(bcesim.SandboxKey, bcesim.SandboxKey)
	l.followKey(t.Context())
	if held := suspensionsOf(t, f); len(held) != 0 {
		t.Errorf("with the right secret: suspensions %+v", held)
	}
}

// A check that proves nothing about the key stops nothing: BCE may be down, and a key may create what it may not list.
func TestUncheckedKeyStopsNothing(t *testing.T) {
	t.Parallel()
	for fault, said := range map[string]string{
		"list:answer:403/AccessDenied": "may not list",
		"list:error-503":               "not checked",
		"list:429":                     "not checked",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, fault)
			_, log := checking(t, f, f.lane(t, "bj", 0))
			log.await(t, said)
			if held := suspensionsOf(t, f); len(held) != 0 {
				t.Errorf("suspensions %+v", held)
			}
			f.enqueue(t, "bj", 3)
			f.await(t)
			f.exactlyOnce(t)
		})
	}
}

// Where BCE does not answer at all, the worker starts all the same.
func TestWorkerStartsWithoutBCE(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	gone := httptest.NewServer(f.sim)
	gone.Close()
	f.url = gone.URL
	_, log := checking(t, f, f.lane(t, "bj", 0))
	log.await(t, "not checked")
	if held := suspensionsOf(t, f); len(held) != 0 {
		t.Errorf("suspensions %+v", held)
	}
}

// What a worker says at its start: where its requests go, as whom, and that it is a simulator.
func TestServingLineAndDescription(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	l := keyed(t, f.url, bcesim.SandboxKey)
	l.Simulated, l.RPS = true, 2
	w, log := checking(t, f, l)
	var line struct {
		Lane, Endpoint, Key, Message string
		RPS                          float64
	}
	if err := json.Unmarshal([]byte(log.await(t, "serving lane")), &line); err != nil {
		t.Fatal(err)
	}
	fingerprint := bce.NewCredentials(bcesim.SandboxKey, "", "").Fingerprint()
	if line.Lane != "default/bj" || line.Endpoint != f.url || line.Key != fingerprint || line.RPS != 2 || !strings.Contains(line.Message, "SIMULATOR") {
		t.Errorf("%+v", line)
	}
	beats, err := w.parts.Membership.Beat(t.Context()) // at the latest by this one
	if err != nil {
		t.Fatal(beats, err)
	}
	infos, err := f.ledger.WorkerInfos(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := ledger.WorkerLane{Lane: "default/bj", Endpoint: f.url, Simulator: true, Key: fingerprint}
	if info := infos[w.parts.Membership.current()]; len(info.Lanes) != 1 || info.Lanes[0] != want || info.Version == "" || info.Host == "" ||
		info.Concurrency == 0 || time.Since(info.StartedAt.Time()) > time.Minute {
		t.Errorf("%+v", infos)
	}
	w.Stop()
	if infos, err := f.ledger.WorkerInfos(t.Context()); err != nil || len(infos) != 0 {
		t.Errorf("after the end: %+v, %v", infos, err)
	}
}
