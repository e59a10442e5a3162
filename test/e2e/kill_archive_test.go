package e2e

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
)

// TestKilledArchive kills archive at many moments, closely spaced towards the end, where the batch is removed. Each time, the
// same command again finishes: the file has every item, Redis has none, and the file of items is refused.
func TestKilledArchive(t *testing.T) {
	t.Parallel()
	const spread, last, each = 14, 10, 3
	w := newStack(t)
	w.worker(t)
	rows := rowsOf((2 + spread + last) * each)
	for i := range len(rows) / each {
		w.enqueue(t, "apply", "--yes", w.write(t, archiveBatch(i)+".csv", rows[each*i:each*(i+1)]))
	}
	for i := range len(rows) / each {
		w.enqueue(t, "watch", archiveBatch(i), "--exit-status")
	}
	w.enqueue(t, "archive", archiveBatch(0), "--yes") // Redis knows the scripts from now on
	sends, ended := 0, false
	l := w.newLink(t)
	for !ended {
		sends += 100
		l.set(true, 100)
		ended = w.untilHeld(t, l, sends == 100, "archive", archiveBatch(1), "--yes")
	}
	var moments []int
	for i := range spread {
		moments = append(moments, sends*i/spread)
	}
	for i := range last {
		moments = append(moments, sends-100-60*i)
	}
	seen := map[string]int{}
	for i, moment := range moments {
		seen[w.killArchive(t, archiveBatch(i+2), moment)]++
	}
	t.Logf("killed at %v of %d bytes: %v", moments, sends, seen)
	for _, state := range []string{"no file", "a part of a file", "a file, and the batch", "a file, and a listed name"} {
		if seen[state] == 0 {
			t.Errorf("it was never killed when there was %s", state)
		}
	}
}

func archiveBatch(i int) string { return fmt.Sprintf("batch-%02d", i) }

// killArchive kills the archiving of a batch when it has sent so many bytes, and has it finished. It returns what there was when
// it was killed.
func (w *stack) killArchive(t *testing.T, batch string, bytes int) string {
	t.Helper()
	rdb := w.redis.Client(t)
	before := w.enqueue(t, "results", batch, "--attempts", "-o", "ndjson").stdout.String()
	l := w.newLink(t)
	l.set(true, bytes)
	ended := w.untilHeld(t, l, true, "archive", batch, "--yes")
	p := w.processes[len(w.processes)-1]
	p.kill()
	l.set(false, 0)
	state := archiveState(t, rdb, w.dir, batch)
	if ended {
		state = "an end"
	}

	w.enqueue(t, "archive", batch, "--yes")
	files := archivesOf(t, w.dir, batch)
	if len(files) != 1 {
		t.Fatalf("killed after %d bytes: files %v", bytes, files)
	}
	after := w.enqueue(t, "results", "--archive", files[0], "--attempts", "-o", "ndjson").stdout.String()
	if after != before {
		t.Errorf("killed after %d bytes (-in Redis +in the archive):\n%s", bytes, cmp.Diff(before, after))
	}
	if again := archiveState(t, rdb, w.dir, batch); again != "only a file" {
		t.Errorf("killed after %d bytes, and finished: %s", bytes, again)
	}
	for _, args := range [][]string{{"apply", "--yes"}, {"apply", "--yes", "--allow-duplicates"}} {
		refused := w.start(t, "enqueue", append(args, filepath.Join(w.dir, batch+".csv"))...)
		if code := refused.wait(t); code != 3 || !strings.Contains(refused.stderr.String(), files[0]) {
			t.Errorf("%v: exit code %d: %s", args, code, refused.stderr)
		}
	}
	return state
}

// archiveState is what there is of a batch that is being archived.
func archiveState(t *testing.T, rdb redis.UniversalClient, dir, batch string) string {
	t.Helper()
	remains, err := rdb.HGetAll(t.Context(), "havip:{"+batch+"}:batch").Result()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := rdb.Keys(t.Context(), "havip:{"+batch+"}:*").Result()
	if err != nil {
		t.Fatal(err)
	}
	_, listing := rdb.ZScore(t.Context(), "havip:batches", batch).Result()
	switch file := len(archivesOf(t, dir, batch)) > 0; {
	case !file && remains["createdAt"] != "" && len(archivesOf(t, dir, "."+batch)) > 0:
		return "a part of a file"
	case !file && remains["createdAt"] != "":
		return "no file"
	case file && remains["createdAt"] != "":
		return "a file, and the batch"
	case file && listing == nil:
		return "a file, and a listed name"
	case file && len(keys) == 1 && json.Valid([]byte(remains["archived"])):
		return "only a file"
	}
	return fmt.Sprintf("no file, and %v of %v", remains, keys)
}

func archivesOf(t *testing.T, dir, batch string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, batch+"-*.archive*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// untilHeld starts enqueue by way of a link that holds it after some bytes, or continues with the one that was started last. It
// reports whether it ended before.
func (w *stack) untilHeld(t *testing.T, l *link, begin bool, args ...string) (ended bool) {
	t.Helper()
	if begin {
		env := append(slices.Clone(w.env), "HAVIP_REDIS_URL="+l.url())
		w.processes = append(w.processes, start(t, command{program: "enqueue", args: args, env: env, dir: w.dir}))
	}
	p := w.processes[len(w.processes)-1]
	for {
		select {
		case <-l.stuck:
			if l.isHeld() {
				return false
			}
		case <-p.done:
			if code := p.exitCode(); code != 0 {
				t.Fatalf("enqueue %v: exit code %d: %s", args, code, p.stderr)
			}
			return true
		}
	}
}
