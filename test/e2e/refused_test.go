package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"havip/test/redistest"
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
	file := w.writeText(t, "more.csv", "name,subnetId\nmore,sbn-a\n")
	for _, ill := range []struct{ setting, value, error, code string }{
		{"maxmemory", "1", "errorstat_OOM", "redis-memory"},
		{"min-replicas-to-write", "1", "errorstat_NOREPLICAS", "redis-replicas"},
		{"save", "3600 1", "errorstat_MISCONF", "redis-write-errors"}, // the last: the server is not repaired
	} {
		before, err := rdb.ConfigGet(t.Context(), ill.setting).Result()
		if err != nil {
			t.Fatal(err)
		}
		if err := rdb.ConfigSet(t.Context(), ill.setting, ill.value).Err(); err != nil {
			t.Fatal(err)
		}
		if ill.setting == "save" {
			failToSave(t, w.redis)
		}
		if err := rdb.ConfigResetStat(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{
			{"status"},
			{"status", "kept"},
			{"list"},
			{"results", "kept"},
			{"results", "kept", "--attempts"},
			{"events", "kept"},
			{"watch", "kept"},
			{"results", "kept", "--follow"},
			{"workers"},
			{"limit", "show"},
			{"plan", file},
			{"retry", "kept", "--dry-run"},
			{"cancel", "kept", "--dry-run"},
			{"rollback", "kept", "--dry-run"},
		} {
			w.enqueue(t, args...)
		}
		stats, err := rdb.InfoMap(t.Context(), "errorstats", "commandstats").Result()
		if err != nil {
			t.Fatal(err)
		}
		// PING is refused with MISCONF for every client.
		if refused := stats["Errorstats"][ill.error]; refused != "" && ill.setting != "save" {
			t.Errorf("with %s %s, Redis refused %s: %s\n%v", ill.setting, ill.value, ill.error, refused, stats["Commandstats"])
		}
		if _, sent := stats["Commandstats"]["cmdstat_multi"]; sent {
			t.Errorf("a transaction was sent")
		}
		// These read BCE, at a rate that cannot be shared now.
		for _, args := range [][]string{
			{"verify", "kept"},
			{"plan", file, "--live"},
			{"import", "others", "--where", "name=*", "--dry-run"},
		} {
			w.enqueue(t, args...)
		}
		doctor := w.start(t, "enqueue", "doctor", "-o", "ndjson")
		if code := doctor.wait(t); code != 1 {
			t.Errorf("doctor of a Redis with %s %s: exit code %d\n%s", ill.setting, ill.value, code, doctor.stderr.String())
		}
		if !hasDiagnosis(t, doctor.stdout.String(), ill.code) {
			t.Errorf("doctor does not find %s:\n%s", ill.code, doctor.stdout.String())
		}
		if hasDiagnosis(t, doctor.stdout.String(), "unchecked") {
			t.Errorf("doctor could not check something:\n%s", doctor.stdout.String())
		}
		if err := rdb.ConfigSet(t.Context(), ill.setting, before[ill.setting]).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// failToSave makes the server's next snapshot fail, so that it refuses writes.
func failToSave(t *testing.T, server *redistest.Server) {
	t.Helper()
	if err := os.RemoveAll(server.Dir()); err != nil {
		t.Fatal(err)
	}
	rdb := server.Client(t)
	redistest.Poll(t, "a snapshot that fails", func(ctx context.Context) error {
		_ = rdb.BgSave(ctx) // one that runs already is as good
		info, err := rdb.InfoMap(ctx, "persistence").Result()
		if err == nil && info["Persistence"]["rdb_last_bgsave_status"] != "err" {
			err = errors.New("not yet")
		}
		return err
	})
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
