package memredis_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"havip/test/memredis"
	"havip/test/redistest"
)

// A random sequence of commands is answered as a real Redis does.
func TestDifferential(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t).Client(t)
	const seeds, length = 5, 1000
	for seed := range uint64(seeds) {
		if err := server.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		differ(t, server, newClient(t, memredis.New(time.Now)), rand.New(rand.NewPCG(seed, 0)), length)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func differ(t *testing.T, server, memory redis.UniversalClient, r *rand.Rand, length int) {
	t.Helper()
	names := slices.Sorted(maps.Keys(phrases))
	for range length {
		name := names[r.IntN(len(names))]
		compare(t, server, memory, say(r, name, phrases[name][r.IntN(len(phrases[name]))]))
	}
	for _, kind := range "shtlzx" {
		for i := range 3 {
			compare(t, server, memory, []any{dump[kind], fmt.Sprintf("%c%d", kind, i), "0", "-1"}[:dumpArgs[kind]])
		}
	}
}

// dump reads the whole of a key.
var (
	dump     = map[rune]string{'s': "GET", 'h': "HGETALL", 't': "SMEMBERS", 'l': "LRANGE", 'z': "ZRANGE", 'x': "XLEN"}
	dumpArgs = map[rune]int{'s': 2, 'h': 2, 't': 2, 'l': 4, 'z': 4, 'x': 2}
)

func compare(t *testing.T, server, memory redis.UniversalClient, args []any) {
	t.Helper()
	want, got := ask(t, server, args), ask(t, memory, args)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%q (-Redis +memredis):\n%s", args, diff)
	}
}

// ask returns a reply, or the words of an error, without what Redis leaves to chance.
func ask(t *testing.T, rdb redis.UniversalClient, args []any) any {
	t.Helper()
	v, err := rdb.Do(t.Context(), args...).Result()
	var answered redis.Error
	if err != nil && !errors.As(err, &answered) {
		t.Fatalf("%q: %v", args, err)
	}
	if err != nil {
		return err.Error()
	}
	switch name, _ := args[0].(string); name {
	case "SMEMBERS", "KEYS", "HKEYS", "HVALS":
		return sorted(v)
	case "SCAN":
		page, _ := v.([]any)
		return sorted(page[1])
	case "TTL", "PTTL": // time goes on between one and the other
		n, _ := v.(int64)
		return min(n, 1)
	}
	return v
}

func sorted(v any) []string {
	list, _ := v.([]any)
	texts := make([]string, len(list))
	for i, element := range list {
		texts[i] = fmt.Sprint(element)
	}
	slices.Sort(texts)
	return texts
}

// elsewhere are the commands that TestDifferential leaves to other tests, and where.
var elsewhere = map[string]string{
	"EVAL": "TestScripts", "EVAL_RO": "TestScripts", "EVALSHA": "TestScripts", "EVALSHA_RO": "TestScripts", "SCRIPT": "TestScripts",
	"TIME": "TestClock", "HRANDFIELD": "TestOrder", "MEMORY": "TestServer", "INFO": "TestServer", "CONFIG": "TestServer",
	"FLUSHALL": "TestServer", "FLUSHDB": "TestServer",
}

func TestEveryCommandIsCompared(t *testing.T) {
	t.Parallel()
	for _, name := range memredis.CommandNames() {
		if phrases[name] == nil && elsewhere[name] == "" {
			t.Errorf("%s is compared nowhere", name)
		}
		if strings.ToUpper(name) != name {
			t.Errorf("%s is not in capitals", name)
		}
	}
}
