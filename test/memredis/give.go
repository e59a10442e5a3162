package memredis

import (
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// give sets a command's reply as go-redis would have read it, and returns the command's error.
func (a answer) give(cmd redis.Cmder) error {
	if a.err != nil {
		return a.err
	}
	r := a.reply
	if r.shape == shapeError {
		return Error(r.s)
	}
	if to, ok := cmd.(*redis.BoolCmd); ok { // to which nil is false
		to.SetVal(r.n == 1 || r.s == "OK")
		return nil
	}
	if r.shape == shapeNil {
		return redis.Nil
	}
	if giveScalar(cmd, r) || giveList(cmd, r) || giveOther(cmd, r) {
		return nil
	}
	if inner, ok := unwrap(cmd); ok {
		return a.give(inner)
	}
	return fmt.Errorf("memredis: no reply for a %T", cmd)
}

// unwrap returns the command that a hook has put into another, as redisconn's does.
func unwrap(cmd redis.Cmder) (redis.Cmder, bool) {
	v := reflect.ValueOf(cmd)
	if v.Kind() != reflect.Struct {
		return nil, false
	}
	inner := v.FieldByName("Cmder")
	if !inner.IsValid() || inner.IsZero() {
		return nil, false
	}
	found, ok := inner.Interface().(redis.Cmder)
	return found, ok
}

func giveScalar(cmd redis.Cmder, r reply) bool {
	switch to := cmd.(type) {
	case *redis.Cmd:
		to.SetVal(r.value())
	case *redis.StringCmd:
		to.SetVal(r.text())
	case *redis.StatusCmd:
		to.SetVal(r.text())
	case *redis.IntCmd:
		to.SetVal(r.int())
	case *redis.FloatCmd:
		to.SetVal(r.float())
	case *redis.DurationCmd:
		to.SetVal(r.duration(cmd.Name()))
	default:
		return false
	}
	return true
}

func giveList(cmd redis.Cmder, r reply) bool {
	switch to := cmd.(type) {
	case *redis.SliceCmd:
		to.SetVal(each(r.list, reply.value))
	case *redis.StringSliceCmd:
		to.SetVal(each(r.list, reply.text))
	case *redis.IntSliceCmd:
		to.SetVal(each(r.list, reply.int))
	case *redis.FloatSliceCmd:
		to.SetVal(each(r.list, reply.float))
	case *redis.BoolSliceCmd:
		to.SetVal(each(r.list, func(r reply) bool { return r.n == 1 }))
	case *redis.ZSliceCmd:
		to.SetVal(pairs(r.list, func(a, b reply) redis.Z { return redis.Z{Member: a.s, Score: b.float()} }))
	case *redis.KeyValueSliceCmd:
		to.SetVal(pairs(r.list, func(a, b reply) redis.KeyValue { return redis.KeyValue{Key: a.s, Value: b.s} }))
	case *redis.XMessageSliceCmd:
		to.SetVal(each(r.list, reply.message))
	case *redis.XStreamSliceCmd:
		to.SetVal(pairs(r.list, func(a, b reply) redis.XStream {
			return redis.XStream{Stream: a.s, Messages: each(b.list, reply.message)}
		}))
	default:
		return false
	}
	return true
}

func giveOther(cmd redis.Cmder, r reply) bool {
	switch to := cmd.(type) {
	case *redis.MapStringStringCmd:
		fields := make(map[string]string, len(r.list)/2)
		for i := 0; i < len(r.list); i += 2 {
			fields[r.list[i].s] = r.list[i+1].s
		}
		to.SetVal(fields)
	case *redis.StringStructMapCmd:
		members := make(map[string]struct{}, len(r.list))
		for _, m := range r.list {
			members[m.s] = struct{}{}
		}
		to.SetVal(members)
	case *redis.ScanCmd:
		to.SetVal(each(r.list[1].list, reply.text), 0)
	case *redis.TimeCmd:
		to.SetVal(time.Unix(r.list[0].int(), r.list[1].int()*1000))
	default:
		return false
	}
	return true
}

func each[T any](list []reply, read func(reply) T) []T {
	values := make([]T, len(list))
	for i, r := range list {
		values[i] = read(r)
	}
	return values
}

func pairs[T any](list []reply, read func(a, b reply) T) []T {
	values := make([]T, len(list)/2)
	for i := range values {
		values[i] = read(list[2*i], list[2*i+1])
	}
	return values
}

func (r reply) int() int64 {
	if r.shape == shapeInt {
		return r.n
	}
	n, _ := strconv.ParseInt(r.s, 10, 64)
	return n
}

func (r reply) float() float64 {
	if r.shape == shapeInt {
		return float64(r.n)
	}
	f, _ := strconv.ParseFloat(r.s, 64)
	return f
}

// duration is in seconds unless the command is one of milliseconds; -1 and -2 are themselves.
func (r reply) duration(command string) time.Duration {
	unit := time.Second
	switch {
	case r.n < 0:
		unit = 1
	case command == "pttl":
		unit = time.Millisecond
	}
	return time.Duration(r.n) * unit
}

func (r reply) message() redis.XMessage {
	fields := r.list[1].list
	values := make(map[string]any, len(fields)/2)
	for i := 0; i < len(fields); i += 2 {
		values[fields[i].s] = fields[i+1].s
	}
	return redis.XMessage{ID: r.list[0].s, Values: values}
}

// value is the reply as a command without a type reads it in RESP3.
func (r reply) value() any {
	switch r.shape {
	case shapeNil:
		return nil
	case shapeInt:
		return r.n
	case shapeBulk, shapeStatus:
		return r.s
	case shapeDouble:
		return r.float()
	case shapeError:
		return Error(r.s)
	case shapeArray:
		return each(r.list, reply.value)
	case shapePairs:
		return pairs(r.list, func(a, b reply) any { return []any{a.value(), b.value()} })
	default:
		fields := make(map[any]any, len(r.list)/2)
		for i := 0; i < len(r.list); i += 2 {
			fields[r.list[i].value()] = r.list[i+1].value()
		}
		return fields
	}
}
