package simulation

import (
	"context"
	"errors"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"google.golang.org/protobuf/encoding/protowire"

	"havip/tasks"
)

// queue does to asynq's keys what asynq's servers (v0.26) do. What clients and inspectors do, asynq's own do.
type queue struct {
	rdb    redis.UniversalClient
	prefix string
	// forwarded is when due tasks were made pending last.
	forwarded time.Time
}

func queueOf(rdb redis.UniversalClient, lane tasks.Lane) *queue {
	return &queue{rdb: rdb, prefix: "asynq:{" + lane.Queue() + "}:"}
}

const (
	lease = 30 * time.Second
	// recoverAfter is how long after the end of its lease a task is taken from a worker that is gone.
	recoverAfter = 30 * time.Second
)

// message is what the queue knows of a task that is carried out.
type message struct {
	id      string
	raw     []byte
	payload []byte
	kind    string
	retry   int
	retried int
}

func decode(id, raw string) message {
	m := message{id: id, raw: []byte(raw)}
	for b := m.raw; len(b) > 0; {
		field, kind, n := protowire.ConsumeTag(b)
		b = b[max(n, 0):]
		switch {
		case n < 0:
			return m
		case kind == protowire.BytesType:
			value, n := protowire.ConsumeBytes(b)
			m.text(field, value)
			b = b[max(n, 1):]
		default:
			value, n := protowire.ConsumeVarint(b)
			m.number(field, value)
			b = b[max(n, 1):]
		}
	}
	return m
}

func (m *message) text(field protowire.Number, value []byte) {
	if field == 1 {
		m.kind = string(value)
	}
	if field == 2 {
		m.payload = value
	}
}

func (m *message) number(field protowire.Number, value uint64) {
	if field == 5 {
		m.retry = int(value)
	}
	if field == 6 {
		m.retried = int(value)
	}
}

// failed is the message with another count and error; of two fields alike, the later one counts.
func (m message) failed(retried int, text string) []byte {
	raw := append([]byte{}, m.raw...)
	raw = protowire.AppendTag(raw, 6, protowire.VarintType)
	raw = protowire.AppendVarint(raw, uint64(retried))
	raw = protowire.AppendTag(raw, 7, protowire.BytesType)
	return protowire.AppendString(raw, text)
}

var background = context.Background()

// forwardEvery is how often servers do, at most.
const forwardEvery = time.Second

// forward makes due tasks pending.
func (q *queue) forward() {
	if time.Since(q.forwarded) < forwardEvery {
		return
	}
	q.forwarded = time.Now()
	now := time.Now().Unix()
	for _, set := range []string{"scheduled", "retry"} {
		due := q.rdb.ZRangeByScore(background, q.prefix+set, &redis.ZRangeBy{Min: "-inf", Max: itoa(now)}).Val()
		for _, id := range due {
			q.rdb.ZRem(background, q.prefix+set, id)
			q.rdb.LPush(background, q.prefix+"pending", id)
			q.rdb.HSet(background, q.prefix+"t:"+id, "state", "pending")
		}
	}
}

// next is when the next task is due, if one waits for its time.
func (q *queue) next() (due time.Time, found bool) {
	for _, set := range []string{"scheduled", "retry"} {
		for _, z := range q.rdb.ZRangeWithScores(background, q.prefix+set, 0, 0).Val() {
			at := time.Unix(int64(z.Score), 0)
			if !found || at.Before(due) {
				due, found = at, true
			}
		}
	}
	return due, found
}

func (q *queue) pending() bool { return q.rdb.LLen(background, q.prefix+"pending").Val() > 0 }

// take gives the next task to a worker; found is false if the ID has no task; it stays active then.
func (q *queue) take() (m message, found bool) {
	id, err := q.rdb.RPopLPush(background, q.prefix+"pending", q.prefix+"active").Result()
	if err != nil {
		return m, false
	}
	q.rdb.HSet(background, q.prefix+"t:"+id, "state", "active")
	q.rdb.ZAdd(background, q.prefix+"lease", redis.Z{Score: float64(time.Now().Add(lease).Unix()), Member: id})
	raw, err := q.rdb.HGet(background, q.prefix+"t:"+id, "msg").Result()
	if err != nil {
		return m, false
	}
	return decode(id, raw), true
}

// extend renews the leases of tasks that are being carried out.
func (q *queue) extend(ids []string) {
	for _, id := range ids {
		q.rdb.ZAddXX(background, q.prefix+"lease", redis.Z{Score: float64(time.Now().Add(lease).Unix()), Member: id})
	}
}

// ack ends a task in its worker's hands, as its handler decided.
func (q *queue) ack(m message, decision error) {
	if q.rdb.LRem(background, q.prefix+"active", 0, m.id).Val() == 0 ||
		q.rdb.ZRem(background, q.prefix+"lease", m.id).Val() == 0 {
		return
	}
	key := q.prefix + "t:" + m.id
	failure := decision != nil && tasks.IsFailure(decision)
	switch {
	case decision == nil:
		q.rdb.Del(background, key)
	case errors.Is(decision, asynq.SkipRetry), failure && m.retried >= m.retry:
		q.rdb.ZAdd(background, q.prefix+"archived", redis.Z{Score: float64(time.Now().Unix()), Member: m.id})
		q.rdb.HSet(background, key, "msg", m.failed(m.retried, decision.Error()), "state", "archived")
	default:
		due := time.Now().Add(tasks.RetryDelayFunc(m.retried, decision, nil))
		retried := m.retried
		if failure {
			retried++
		}
		q.rdb.ZAdd(background, q.prefix+"retry", redis.Z{Score: float64(due.Unix()), Member: m.id})
		q.rdb.HSet(background, key, "msg", m.failed(retried, decision.Error()), "state", "retry")
	}
}

// recover takes tasks from workers that are gone.
func (q *queue) recover() {
	expired := itoa(time.Now().Add(-recoverAfter).Unix())
	for _, id := range q.rdb.ZRangeByScore(background, q.prefix+"lease", &redis.ZRangeBy{Min: "-inf", Max: expired}).Val() {
		raw, err := q.rdb.HGet(background, q.prefix+"t:"+id, "msg").Result()
		if err == nil {
			q.ack(decode(id, raw), asynq.ErrLeaseExpired)
		}
	}
}
