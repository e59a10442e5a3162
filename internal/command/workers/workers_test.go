package workers

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/internal/render"
	"havip/ledger"
	"havip/test/commandtest"
)

// quietFor is for how long the silent worker of the tests has sent nothing.
const quietFor = 40 * time.Second

// start returns a fixture with a worker of two lanes, and a silent one that describes nothing.
func start(t *testing.T) *commandtest.Fixture {
	t.Helper()
	f := commandtest.Start(t)
	for _, name := range []string{"old", "w1"} {
		if err := f.Session.Ledger.Enter(t.Context(), name, nil); err != nil {
			t.Fatal(err)
		}
	}
	now, err := f.Session.Redis.Time(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	last := redis.Z{Score: float64(now.Add(-quietFor).UnixMilli()), Member: "old"}
	if err := f.Session.Redis.ZAdd(t.Context(), "havip:workers:{workers}:beats", last).Err(); err != nil {
		t.Fatal(err)
	}
	info := ledger.WorkerInfo{
		Version: "v1.2.3", Host: "host-1", StartedAt: ledger.Millis(now.Add(-time.Hour).UnixMilli()), Concurrency: 20,
		Lanes: []ledger.WorkerLane{
			{Lane: "default/bj", Endpoint: "https://bcc.bj.baidubce.com", Key: "aa11"},
			{Lane: "test/bj", Endpoint: "http://127.0.0.1:8080", Key: "bb22", Simulator: true},
		},
	}
	if err := f.Session.Ledger.Describe(t.Context(), "w1", info); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestWorkers(t *testing.T) {
	t.Parallel()
	f := start(t)
	rows := f.JSON(t, func() error { return run(t.Context(), f.Factory) })
	if len(rows) != 3 || rows[0]["worker"] != "old" || rows[0]["silent"] != true || rows[0]["startedAt"] != nil || rows[0]["lane"] != "" {
		t.Fatalf("%v", rows)
	}
	for i, want := range []map[string]any{
		{"lane": "default/bj", "simulator": false, "key": "aa11"}, {"lane": "test/bj", "simulator": true, "key": "bb22"},
	} {
		want["worker"], want["host"], want["version"], want["concurrency"], want["silent"] = "w1", "host-1", "v1.2.3", 20.0, false
		for field, value := range want {
			if got := rows[i+1][field]; got != value {
				t.Errorf("row %d: %s is %v, want %v", i+1, field, got, value)
			}
		}
	}
}

// A table says in words what a person must not overlook.
func TestTable(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, format := range []render.Format{render.Table, render.Wide} {
		f.Stdout.Reset()
		f.Format = format
		if err := run(t.Context(), f.Factory); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(f.Stdout.String(), "\n")
		if len(lines) != 5 || !strings.Contains(lines[1], "not heard from for 4") || !strings.Contains(lines[3], "SIMULATOR http://127.0.0.1:8080") {
			t.Errorf("%s:\n%s", format, f.Stdout)
		}
	}
}

func TestNoWorkers(t *testing.T) {
	t.Parallel()
	f := commandtest.Start(t)
	if rows := f.JSON(t, func() error { return run(t.Context(), f.Factory) }); len(rows) != 0 || f.Stderr.Len() == 0 {
		t.Errorf("%v, %q", rows, f.Stderr)
	}
}
