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

// SecondLook is how long nobody must serve a queue for it to be told. asynq's servers say that they do
// every five seconds; when Redis has forgotten it, as after a restart, it takes them as long to say it again.
const SecondLook = 6 * time.Second

const (
	// lookAgain spaces the looks.
	lookAgain = 250 * time.Millisecond
	// servedTimeout bounds one look.
	servedTimeout = 3 * time.Second
	// serversKey is asynq's set of the keys of live servers, by the second in which they expire.
	serversKey = "asynq:servers"
	// fieldQueues is the field of asynq's ServerInfo that maps the names of its queues to their priorities, and
	// fieldName that of a name in one entry of the map.
	fieldQueues, fieldName protowire.Number = 5, 1
)

// Serving returns the names of the queues that some worker takes tasks from, as far as Redis knows. asynq's Inspector tells the
// same, but removes servers that have ended as it looks: a Redis that refuses writes would not tell.
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
		case !errors.Is(err, redis.Nil): // it has ended meanwhile
			return nil, fmt.Errorf("servers of queues: %w", err)
		}
	}
	return names, nil
}

// queuesOf reads the names of the queues from asynq's ServerInfo. What cannot be read names none.
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

// ServedNow reports whether some worker takes tasks of the queue, as far as Redis knows.
func (q *Queue) ServedNow(ctx context.Context) (bool, error) {
	names, err := Serving(ctx, q.rdb)
	return names[q.name], err
}

// Served is ServedNow, for a few seconds.
func (q *Queue) Served() (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), servedTimeout)
	defer cancel()
	return q.ServedNow(ctx)
}

// StaysUnserved reports whether nobody serves the queue during all of this time. It returns as soon as
// somebody does. The last look is after all of the time, so that a process that was stopped meanwhile
// does not report what it has not seen.
func (q *Queue) StaysUnserved(ctx context.Context, during time.Duration) (bool, error) {
	again := time.NewTicker(lookAgain)
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
