package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"google.golang.org/protobuf/encoding/protowire"
)

// UnservedAfter is how long a queue must be unserved to be reported. asynq's servers send a heartbeat every
// five seconds, so that it takes as long to see them after Redis lost their heartbeats.
const UnservedAfter = 6 * time.Second

const (
	// pollInterval is the time between two checks.
	pollInterval = 250 * time.Millisecond
	// servedTimeout limits one check.
	servedTimeout = 3 * time.Second
	// serversKey is asynq's set of the keys of live servers, by the second in which they expire.
	serversKey = "asynq:servers"
	// fieldQueues is the field of asynq's ServerInfo that maps queue names to priorities, and fieldName the
	// name's field in an entry of the map.
	fieldQueues, fieldName protowire.Number = 5, 1
)

// Serving returns the names of the queues that some worker serves, as far as Redis knows. asynq's Inspector also removes
// dead servers, which fails on a Redis that refuses writes.
func Serving(ctx context.Context, rdb redis.Cmdable) (map[string]bool, error) {
	now := strconv.FormatInt(time.Now().Unix(), 10)
	keys, err := rdb.ZRangeByScore(ctx, serversKey, &redis.ZRangeBy{Min: now, Max: "+inf"}).Result()
	if err != nil {
		return nil, fmt.Errorf("servers of queues: %w", err)
	}
	names := map[string]bool{}
	for _, key := range keys {
		info, err := rdb.Get(ctx, key).Bytes()
		switch {
		case err == nil:
			for _, name := range queuesOf(info) {
				names[name] = true
			}
		case !errors.Is(err, redis.Nil): // Nil means that it has ended meanwhile
			return nil, fmt.Errorf("servers of queues: %w", err)
		}
	}
	return names, nil
}

// queuesOf reads the queue names from asynq's ServerInfo; none if it is unreadable.
func queuesOf(info []byte) (names []string) {
	for _, entry := range fieldsOf(info, fieldQueues) {
		for _, name := range fieldsOf(entry, fieldName) {
			names = append(names, string(name))
		}
	}
	return names
}

// fieldsOf returns the values of a field of bytes.
func fieldsOf(message []byte, field protowire.Number) (values [][]byte) {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return values
		}
		size := protowire.ConsumeFieldValue(number, kind, message[n:])
		if size < 0 {
			return values
		}
		if number == field && kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(message[n:])
			values = append(values, value)
		}
		message = message[n+size:]
	}
	return values
}

// ServedNow reports whether some worker serves the queue, as far as Redis knows.
func (q *Queue) ServedNow(ctx context.Context) (bool, error) {
	names, err := Serving(ctx, q.rdb)
	return names[q.name], err
}

// Served is ServedNow with a timeout.
func (q *Queue) Served() (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), servedTimeout)
	defer cancel()
	return q.ServedNow(ctx)
}

// StaysUnserved reports whether no worker serves the queue for the whole time. It returns as soon as one
// does. The last check is at the end of the time, so that a process that was suspended meanwhile gives no
// wrong report.
func (q *Queue) StaysUnserved(ctx context.Context, during time.Duration) (bool, error) {
	again := time.NewTicker(pollInterval)
	defer again.Stop()
	for begun := time.Now(); ; {
		over := time.Since(begun) >= during
		served, err := q.ServedNow(ctx)
		if err != nil || served || over {
			return err == nil && !served, err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}
