package worker

import (
	"encoding/json"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"havip/internal/redisconn"
	"havip/test/redistest"
)

// logLines passes on each line of a log.
type logLines struct {
	mu   sync.Mutex
	news *sync.Cond
	all  []map[string]any
}

func newLogLines() *logLines {
	l := &logLines{}
	l.news = sync.NewCond(&l.mu)
	return l
}

func (l *logLines) Write(line []byte) (int, error) {
	fields := map[string]any{}
	if err := json.Unmarshal(line, &fields); err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, fields)
	l.news.Broadcast()
	return len(line), nil
}

// await returns the first line with the message, and how many warnings there were until now.
func (l *logLines) await(message string) (line map[string]any, warnings int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		warnings = 0
		for _, fields := range l.all {
			if fields["level"] == "warn" || fields["level"] == "error" {
				warnings++
			}
			if fields["message"] == message {
				line = fields
			}
		}
		if line != nil {
			return line, warnings
		}
		l.news.Wait()
	}
}

// However long Redis is away, a worker logs one warning, and one line when it is back.
func TestWorkerLogsAnOutageOnce(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.AppendOnly(redistest.Always))
	rdb, err := redisconn.Open(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rdb.Close() })
	f := &workerFixture{rdb: rdb, url: "http://127.0.0.1:1"}
	lines := newLogLines()
	w, err := Start(Config{Redis: rdb, Name: "w", Lanes: []LaneConfig{f.lane(t, "bj", 0)}, Logger: zerolog.New(lines)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	server.Kill()
	if line, _ := lines.await("redis is unavailable; no attempt begins, and outcomes are kept until it is back"); line["error"] == nil {
		t.Error("why it is away is not logged")
	}
	// The reconciler fails every five seconds: after its second failure there is still one warning.
	for range 2 {
		lines.await("reconciling failed; will be retried")
		lines.forget("reconciling failed; will be retried")
	}
	server.Restart(t)
	line, warnings := lines.await("redis is back")
	if away, ok := line["away"].(float64); !ok || away <= 0 {
		t.Errorf("back after %v", line["away"])
	}
	if warnings != 1 {
		t.Errorf("%d warnings of one outage:\n%v", warnings, lines.all)
	}
}

// forget lets the message be awaited again.
func (l *logLines) forget(message string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, fields := range l.all {
		if fields["message"] == message {
			fields["message"] = "(seen)"
		}
	}
}
