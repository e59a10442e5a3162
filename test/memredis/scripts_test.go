package memredis_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"havip/test/memredis"
	"havip/test/redistest"
)

// scripts are what both Redis and memredis run, all with the keys h and s and the arguments "1" and "text".
var scripts = []string{
	// What Lua's values become.
	`return 3.99`, `return -3.99`, `return 'text'`, `return true`, `return false`, `return nil`, `return {}`, ``,
	`return {1, 2.5, 'a', true, false, {ok = 'fine'}, {'nested', {}}}`, `return {1, nil, 3}`, `return {false, 3}`,
	`return {ok = 'STATUS'}`, `return {err = 'CODE text'}`, `return redis.status_reply('fine')`,
	`return redis.error_reply('NOT FOUND')`, `return redis.error_reply('ALONE')`, `return redis.error_reply('-CODE text')`,
	`return {KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2], #KEYS, #ARGV}`,
	`return 9007199254740993`, `return tonumber('12345678901234567')`,

	// What replies become.
	`return redis.call('HSET', KEYS[1], 'a', 1, 'b', 2.5, 'c', 0.1)`, `return redis.call('HGET', KEYS[1], 'c')`,
	`return redis.call('hget', KEYS[1], 'b')`, `return redis.call('HGETALL', KEYS[1])`, `return redis.call('HMGET', KEYS[1], 'a', 'x', 'b')`,
	`return redis.call('HGET', KEYS[1], 'x') == false`, `return type(redis.call('HLEN', KEYS[1]))`,
	`return redis.call('TYPE', KEYS[1]).ok`, `return redis.call('TYPE', KEYS[1])`, `return redis.call('SET', KEYS[2], 'v')`,
	`return redis.call('SET', KEYS[2], 1764273796123456)`, `return redis.call('GET', KEYS[2])`, `return redis.call('SET', KEYS[2], 2^60)`,
	`return redis.call('GET', KEYS[2])`, `redis.call('ZADD', 'z', 1.5, 'a', '0.1', 'b', 3, 'c') return redis.call('ZRANGE', 'z', 0, -1, 'WITHSCORES')`,
	`return redis.call('ZSCORE', 'z', 'b')`, `return redis.call('ZINCRBY', 'z', 1, 'a')`, `return redis.call('ZPOPMIN', 'z')`,
	`redis.call('XADD', 'x', '1-1', 'f', 'v') return redis.call('XRANGE', 'x', '-', '+')`,
	`return redis.call('XREAD', 'STREAMS', 'x', '0')`, `return redis.call('LRANGE', 'missing', 0, -1)`, `return redis.call('LPOP', 'missing')`,
	`return redis.call('EXISTS', KEYS[1])`, `return redis.call('TTL', 'missing')`,

	// What goes wrong.
	`return redis.call('HGET', KEYS[2], 'x')`, `return redis.pcall('HGET', KEYS[2], 'x')`, `return redis.pcall('HGET', KEYS[2], 'x').err`,
	`return redis.call('GET')`, `return redis.call()`, `return redis.call('GET', {})`,
	`return redis.call('EVAL', 'return 1', 0)`, "\n\nerror('mine')", `return nothing`, `x = 1`,
	`local ok, e = pcall(redis.call, 'HGET', KEYS[2], 'x') return {ok and 1 or 0, type(e), e}`,
	`redis.call('SET', KEYS[2], 'written before') error('x')`, `return redis.call('GET', KEYS[2])`,
	`return redis.call('INCR', KEYS[2])`,

	// cjson.
	`return cjson.encode({1, 2, 3})`, `return cjson.encode({})`, `return cjson.encode({a = 1})`, `return cjson.encode({a = {b = {}}})`,
	`return cjson.encode({1.5, -0.1, 1e20, 1764273796123, 12345678901234567, 2^53})`, `return cjson.encode('a/b"\\\n\t\127é')`,
	`return cjson.encode({true, false, cjson.null})`, `return cjson.encode({[1] = 1, [3] = 3})`, `return cjson.encode({[3] = 'x'})`,
	`return cjson.encode({[100] = 1})`, `return cjson.encode(1/0)`, `return cjson.encode(function() end)`, `return cjson.encode({[1.5] = 1})`,
	`return cjson.decode('[1, 2.5, "x", true, false, null]')`, `return cjson.decode('{"a": {"b": [1, {"c": "d"}]}}').a.b[2].c`,
	`return cjson.decode('"\\u00e9\\ud83d\\ude00\\n\\/"')`, `return tostring(cjson.decode('null') == cjson.null)`,
	`return cjson.encode(cjson.decode('{"a":[]}'))`, `return cjson.decode('{"a": 1764273796123}').a`, `return #cjson.decode('[]')`,
	`return tostring(cjson.decode('1e3'))`, `return cjson.encode(cjson.decode('[[],{},[1,[2]]]'))`,

	// Lua's own.
	`return string.format('%d of %s, %5.1f%%, %03d %x', 3.7, 'x', 2.25, 7, 255)`, `return string.format('%s %s', 1, 1.5)`,
	`return tostring(1e15)`, `return tostring(0.1)`, `return tostring(3)`, `return tostring(-1)`, `return tostring(1/3)`,
	`return {tostring(tonumber('1e3')), tostring(tonumber('0x10')), tostring(tonumber(' 5 ')), tostring(tonumber('5x')), tostring(tonumber(''))}`,
	`return tostring(tonumber('ff', 16))`, `return 'a' .. 1 .. 'b' .. 1.5`, `return {unpack({1, 2, 3})}`, `return select('#', 1, 2, 3)`,
	`return {math.floor(-1.5), math.ceil(1.2), math.max(1, 5), math.min(2, 0)}`, `return table.concat({'a', 'b'}, '-')`,
	`local t = {1, 2, 3} table.insert(t, 4) table.remove(t, 1) return t`, `local t = {3, 1, 2} table.sort(t) return t`,
	`return {string.match('50%', '^(.+)%%$'), ('n:queued'):match('^n:(.+)$'), string.sub('subnet:1', 1, 7)}`,
	`return table.getn({1, 2})`, `return {string.find('abc', 'b', 1, true)}`, `return {('x'):rep(3), ('X'):lower(), #'abc'}`,
	`return '10' + 5`, `return 7 % 3`, `return -7 % 3`, `return 2 ^ 10`, `return {1 == 1.0, 'a' < 'b'}`,
	`return redis.sha1hex('a')`, `redis.replicate_commands() return redis.call('PING')`,
}

// failing are scripts of whose errors only the beginning is Redis's: the rest are the interpreter's own words.
var failing = []string{
	`error({err = 'CODE mine'})`, "local t = nil\nreturn t.x", `return #`, `return 1 + {}`, `return cjson.decode('{')`,
	`return cjson.decode('x')`, `return string.format('%d', 'x')`, `return redis.nothing()`, `return redis.call('NOSUCH')`, `return ('x'):nothing()`,
}

func TestFailingScripts(t *testing.T) {
	t.Parallel()
	server, memory := redistest.Start(t).Client(t), newClient(t, memredis.New(time.Now))
	for _, script := range failing {
		args := []any{"EVAL", script, 0}
		want, _, _ := strings.Cut(fmt.Sprint(ask(t, server, args)), " ")
		if got := fmt.Sprint(ask(t, memory, args)); !strings.HasPrefix(got, want+" ") {
			t.Errorf("%s: %s, want %s", script, got, want)
		}
	}
}

// A script is answered as Redis does, and its errors are the same.
func TestScripts(t *testing.T) {
	t.Parallel()
	server, memory := redistest.Start(t).Client(t), newClient(t, memredis.New(time.Now))
	for _, script := range scripts {
		args := []any{"EVAL", script, 2, "h", "s", "1", "text"}
		want, got := ask(t, server, args), ask(t, memory, args)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-Redis +memredis):\n%s", script, diff)
		}
	}
}

// A script is known by its hash once it was brought, until it is flushed.
func TestScriptsByHash(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	rdb := newClient(t, memredis.New(time.Now))
	script := redis.NewScript(`return KEYS[1] .. ARGV[1]`)
	if err := script.EvalSha(ctx, rdb, []string{"k"}, "v").Err(); !redis.HasErrorPrefix(err, "NOSCRIPT") {
		t.Fatalf("unknown: %v", err)
	}
	for range 2 {
		if text, err := script.Run(ctx, rdb, []string{"k"}, "v").Text(); text != "kv" || err != nil {
			t.Fatal(text, err)
		}
	}
	must(t, script.EvalSha(ctx, rdb, []string{"k"}, "v").Err())
	must(t, script.EvalShaRO(ctx, rdb, []string{"k"}, "v").Err())
	if known, err := script.Exists(ctx, rdb).Result(); err != nil || !known[0] {
		t.Fatal(known, err)
	}
	must(t, rdb.ScriptFlush(ctx).Err())
	if known, err := script.Exists(ctx, rdb).Result(); err != nil || known[0] {
		t.Fatal(known, err)
	}
	if sha, err := script.Load(ctx, rdb).Result(); err != nil || sha != script.Hash() {
		t.Fatal(sha, err)
	}
}

// What would not give the same each time is not there.
func TestNothingRandomInScripts(t *testing.T) {
	t.Parallel()
	rdb := newClient(t, memredis.New(time.Now))
	for _, name := range []string{"_G", "rawset", "math.random", "loadstring", "print"} {
		err := rdb.Eval(t.Context(), "return "+name+".x", nil).Err()
		if err == nil || !strings.HasPrefix(err.Error(), "ERR user_script:1:") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
