package e2e

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"
)

// TestReadingNeedsNoWrites: on a Redis that refuses writes, commands that only read work, and send nothing that it refuses:
// neither a write nor a transaction, which one that is out of memory refuses whatever is in it. doctor says what ails it.
func TestReadingNeedsNoWrites(t *testing.T) {
	t.Parallel()
	w := newStack(t)
	worker := w.worker(t)
	rows := fixedRowsOf(5)
	w.enqueue(t, "apply", w.write(t, "kept.csv", rows), "--yes", "--wait")
	w.requireExactlyOnce(t, "kept", rows)
	worker.signal(syscall.SIGTERM)
	worker.wait(t)
	rdb := w.redis.Client(t)
	for _, ill := range []struct{ setting, value, error, code string }{
		{"maxmemory", "1", "errorstat_OOM", "redis-memory"},
		{"min-replicas-to-write", "1", "errorstat_NOREPLICAS", "redis-replicas"},
	} {
		before, err := rdb.ConfigGet(t.Context(), ill.setting).Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{rdb.ConfigSet(t.Context(), ill.setting, ill.value).Err(), rdb.ConfigResetStat(t.Context()).Err()} {
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, args := range [][]string{
			{"status"},
			{"status", "kept"},
			{"list"},
			{"results", "kept"},
			{"results", "kept", "--attempts"},
			{"events", "kept"},
			{"watch", "kept"},
		} {
			w.enqueue(t, args...)
		}
		stats, err := rdb.InfoMap(t.Context(), "errorstats", "commandstats").Result()
		if err != nil {
			t.Fatal(err)
		}
		if refused := stats["Errorstats"][ill.error]; refused != "" {
			t.Errorf("with %s %s, Redis refused %s: %s\n%v", ill.setting, ill.value, ill.error, refused, stats["Commandstats"])
		}
		if _, sent := stats["Commandstats"]["cmdstat_multi"]; sent {
			t.Errorf("a transaction was sent")
		}
		doctor := w.start(t, "enqueue", "doctor", "-o", "ndjson")
		if code := doctor.wait(t); code != 1 {
			t.Errorf("doctor of a Redis with %s %s: exit code %d\n%s", ill.setting, ill.value, code, doctor.stderr.String())
		}
		if !hasDiagnosis(t, doctor.stdout.String(), ill.code) {
			t.Errorf("doctor does not find %s:\n%s", ill.code, doctor.stdout.String())
		}
		if err := rdb.ConfigSet(t.Context(), ill.setting, before[ill.setting]).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// hasDiagnosis reports whether doctor's lines have one with this code.
func hasDiagnosis(t *testing.T, lines, code string) bool {
	t.Helper()
	for line := range strings.Lines(lines) {
		var diagnosis struct{ Code string }
		if err := json.Unmarshal([]byte(line), &diagnosis); err != nil {
			t.Fatal(err)
		}
		if diagnosis.Code == code {
			return true
		}
	}
	return false
}
