package metrics

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/tasks"
)

// An attempt costs a worker some hundreds of microseconds; what counting it adds is to stay below 2 %.
func BenchmarkAttempted(b *testing.B) {
	m := New(NewState(redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"}), time.Hour, zerolog.Nop()))
	a := tasks.Attempted{Lane: bj, Operation: tasks.OpCreate, Outcome: tasks.Outcome{Class: tasks.ClassCreated, Status: 200}, Took: time.Second, IsFirst: true, Queued: time.Minute}
	b.ReportAllocs()
	for b.Loop() {
		m.Attempted(a)
	}
}
