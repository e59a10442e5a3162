package memredis_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// phrases are what each command is tried with; words that begin with $ are chosen anew each time.
var phrases = map[string][]string{
	"DEL": {"$any", "$any $any"}, "UNLINK": {"$any"}, "EXISTS": {"$any", "$any $any"}, "TYPE": {"$any"},
	"KEYS": {"*", "h*", "?1", "[hs]*", "none"}, "DBSIZE": {""}, "RENAME": {"$any $any", "missing $any"},
	"SCAN":   {"0 COUNT 1000", "0 MATCH h* COUNT 1000", "0 COUNT 1000 TYPE hash"},
	"EXPIRE": {"$any 100000", "$any 0", "$any x"}, "PEXPIRE": {"$any 100000000", "$any -1"},
	"EXPIREAT": {"$any 9999999999", "$any 1"}, "PEXPIREAT": {"$any 9999999999999"},
	"TTL": {"$any", "missing"}, "PTTL": {"$any"}, "PERSIST": {"$any"},

	"GET": {"$s", "$any"}, "GETDEL": {"$s"}, "STRLEN": {"$s", "$any"}, "APPEND": {"$s $v", "$any $v"},
	"SET": {
		"$s $v", "$s $n", "$s $v NX", "$s $v XX", "$s $v KEEPTTL", "$s $v GET", "$s $v NX GET", "$s $v EX 100000",
		"$s $v PXAT 9999999999999", "$s $v NX PX 100000000", "$s $v EX 0", "$s $v EX x", "$s $v NX XX", "$s $v BAD", "$s",
	},
	"SETNX": {"$s $v", "$any $v"}, "SETEX": {"$s 100000 $v", "$s 0 $v"}, "PSETEX": {"$s 100000000 $v"},
	"MGET": {"$s $s $any"}, "MSET": {"$s $v $s $n", "$s"},
	"INCR": {"$s", "$any"}, "DECR": {"$s"}, "INCRBY": {"$s $n", "$s x"}, "DECRBY": {"$s $n"},
	"INCRBYFLOAT": {"$s 0.5", "$s 3", "$s x"},

	"HSET": {"$h $f $v", "$h $f $n $f $v", "$any $f $v", "$h $f"}, "HMSET": {"$h $f $v $f $n"}, "HSETNX": {"$h $f $v"},
	"HGET": {"$h $f", "$any $f"}, "HMGET": {"$h $f $f $f", "missing $f"}, "HGETALL": {"$h", "missing", "$any"},
	"HKEYS": {"$h"}, "HVALS": {"$h"}, "HLEN": {"$h"}, "HEXISTS": {"$h $f", "$any $f"}, "HSTRLEN": {"$h $f"},
	"HDEL": {"$h $f", "$h $f $f $f", "$any $f"}, "HINCRBY": {"$h $f $n", "$h $f x", "$any $f 1"},
	"HINCRBYFLOAT": {"$h $f 0.25", "$h $f x"},

	"SADD": {"$t $f", "$t $f $f $v", "$any $f"}, "SREM": {"$t $f", "$t $f $f"}, "SMEMBERS": {"$t", "$any"},
	"SISMEMBER": {"$t $f", "$any $f"}, "SMISMEMBER": {"$t $f $f"}, "SCARD": {"$t"},

	"LPUSH": {"$l $f", "$l $f $v $n", "$any $f"}, "RPUSH": {"$l $f", "$l $f $v"}, "LPUSHX": {"$l $f"}, "RPUSHX": {"missing $f"},
	"LPOP": {"$l", "$l 2", "$l -1", "missing", "missing 1"}, "RPOP": {"$l", "$l 0", "$any"}, "LLEN": {"$l", "$any"},
	"LRANGE": {"$l $i $i", "$l 0 -1", "$l x 1"}, "LINDEX": {"$l $i"}, "LSET": {"$l $i $f", "missing 0 a"},
	"LREM": {"$l $i $f", "$l 0 $f"}, "LTRIM": {"$l $i $i", "$l 0 5"},
	"RPOPLPUSH": {"$l $l", "missing $l", "$l $any"}, "LMOVE": {"$l $l LEFT RIGHT", "$l $l RIGHT LEFT", "$l $l UP DOWN"},

	"ZADD": {
		"$z $p $f", "$z $p $f $p $f", "$z NX $p $f", "$z XX CH $p $f", "$z GT CH $p $f", "$z LT $p $f", "$z INCR $p $f",
		"$z NX INCR $p $f", "$z XX INCR $p $f", "$z NX XX $p $f", "$z GT LT $p $f", "$z $p", "$z x $f", "$any $p $f",
		"$z INCR $p $f $p $f",
	},
	"ZINCRBY": {"$z $p $f"}, "ZREM": {"$z $f", "$z $f $f", "$any $f"}, "ZCARD": {"$z"}, "ZSCORE": {"$z $f", "$any $f"},
	"ZMSCORE": {"$z $f $f"}, "ZRANK": {"$z $f"}, "ZREVRANK": {"$z $f"}, "ZCOUNT": {"$z $e $e", "$z x 1"},
	"ZRANGE": {
		"$z $i $i", "$z 0 -1 WITHSCORES", "$z $e $e BYSCORE", "$z $e $e BYSCORE REV WITHSCORES",
		"$z $i $i REV", "$z $e $e BYSCORE LIMIT 1 2", "$z 0 1 LIMIT 0 1", "$any 0 -1",
	},
	"ZREVRANGE": {"$z $i $i", "$z 0 0 WITHSCORES"}, "ZRANGEBYSCORE": {"$z $e $e", "$z -inf +inf WITHSCORES LIMIT 0 2", "$z $e $e LIMIT 1 -1"},
	"ZREVRANGEBYSCORE": {"$z $e $e", "$z +inf -inf LIMIT 0 2"}, "ZREMRANGEBYSCORE": {"$z $e $e"}, "ZREMRANGEBYRANK": {"$z $i $i"},
	"ZPOPMIN": {"$z", "$z 2", "missing"}, "ZPOPMAX": {"$z", "$z 0"},

	"XADD": {
		"$x $d $f $v", "$x $d $f $v $f $v", "$x 0-0 $f $v", "$x NOMKSTREAM $d $f $v", "$x MAXLEN 3 $d $f $v",
		"$x MAXLEN ~ 1000 $d $f $v", "$x $d $f", "$x bad $f $v", "$any $d $f $v", "$x MINID = 3 $d $f $v",
	},
	"XLEN": {"$x", "$any"}, "XDEL": {"$x $g", "$x $g $g"}, "XTRIM": {"$x MAXLEN 2", "$x MINID $g", "$x MAXLEN ~ 1000"},
	"XRANGE":    {"$x - +", "$x $g $g", "$x ($g +", "$x - ($g", "$x - + COUNT 2", "$x - + COUNT 0", "$x x +"},
	"XREVRANGE": {"$x + -", "$x $g $g", "$x + - COUNT 2", "$x + ($g"},
	"XREAD": {
		"STREAMS $x 0", "COUNT 1 STREAMS $x $x 0 $g", "STREAMS $x $", "STREAMS $x", "STREAMS missing 0", "COUNT 2 STREAMS $x $g",
		"BLOCK 1 STREAMS missing 0",
	},

	"PING": {"", "hello"}, "ECHO": {"hello"}, "WAIT": {"0 0"}, "PUBLISH": {"channel text"}, "SELECT": {"0"},
}

// chosen are the words that stand for others.
var chosen = map[string]func(*rand.Rand) string{
	"$any": func(r *rand.Rand) string { return fmt.Sprintf("%c%d", "shtlzx"[r.IntN(6)], r.IntN(3)) },
	"$s":   key('s'), "$h": key('h'), "$t": key('t'), "$l": key('l'), "$z": key('z'), "$x": key('x'),
	"$f": oneOf("a", "b", "c", "d", "field"),
	"$v": oneOf("", "text", "a/b\"\\\n\x7f", "ünïcode", "12", "007", "1.5", "-3"),
	"$n": oneOf("0", "1", "-7", "42", "9223372036854775807", "12345678901"),
	"$i": oneOf("0", "1", "2", "-1", "-2", "5", "-9"),
	"$p": oneOf("0", "1", "-1", "2.5", "0.1", "inf", "-inf", "1764273796123", "3e20", "1e-7"),
	"$e": oneOf("-inf", "+inf", "0", "(1", "1", "(2.5", "2.5", "1764273796123"),
	"$d": oneOf("1-1", "2-*", "3", "3-7", "9-*", "10-1", "11-0", "50-*"),
	"$g": oneOf("1", "2-0", "3-7", "9", "10-1", "60"),
}

func key(letter rune) func(*rand.Rand) string {
	return func(r *rand.Rand) string { return fmt.Sprintf("%c%d", letter, r.IntN(3)) }
}

func oneOf(words ...string) func(*rand.Rand) string {
	return func(r *rand.Rand) string { return words[r.IntN(len(words))] }
}

// say chooses words for a phrase.
func say(r *rand.Rand, name, phrase string) []any {
	args := []any{name}
	for word := range strings.FieldsSeq(phrase) {
		prefix, rest, found := strings.Cut(word, "$")
		if choose := chosen["$"+rest]; found && choose != nil {
			word = prefix + choose(r)
		}
		args = append(args, word)
	}
	return args
}
