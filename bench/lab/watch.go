package lab

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// pingEvery is the time between two pings.
	pingEvery = 2 * time.Millisecond
	// slowKept is how many of the slowest commands Redis remembers.
	slowKept = 1000
)

// Stalls is how long others waited for Redis while something ran.
type Stalls struct {
	// Ping99 is the 99th percentile of a ping's time, in milliseconds.
	Ping99 float64
	// Slowest is the time in Redis of the slowest command, in milliseconds, and Command its beginning.
	Slowest float64
	Command string
	// Over counts the commands over the bound.
	Over int
}

// Stalls pings Redis while something runs, and returns the commands that took it longer than bound.
func (r *Redis) Stalls(ctx context.Context, bound time.Duration, run func() error) (s Stalls, err error) {
	for name, value := range map[string]int64{"slowlog-log-slower-than": bound.Microseconds(), "slowlog-max-len": slowKept} {
		if err := r.client.ConfigSet(ctx, name, strconv.FormatInt(value, 10)).Err(); err != nil {
			return s, err
		}
	}
	if err := r.client.Do(ctx, "SLOWLOG", "RESET").Err(); err != nil {
		return s, err
	}
	pinging, stop := context.WithCancel(ctx)
	defer stop()
	pings := make(chan []float64, 1)
	go func() { pings <- r.ping(pinging) }()
	if err := run(); err != nil {
		return s, err
	}
	stop()
	if took := <-pings; len(took) > 0 {
		slices.Sort(took)
		s.Ping99 = took[len(took)*99/100]
	}
	slow, err := r.client.SlowLogGet(ctx, slowKept).Result()
	for _, entry := range slow {
		if millis := float64(entry.Duration.Microseconds()) / 1000; millis > s.Slowest {
			s.Slowest, s.Command = millis, firstWords(entry.Args)
		}
	}
	s.Over = len(slow)
	return s, err
}

// ping pings until ctx ends, and returns how long each took, in milliseconds.
func (r *Redis) ping(ctx context.Context) (took []float64) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return took
		}
		begun := time.Now()
		if err := r.client.Ping(ctx).Err(); err == nil {
			took = append(took, float64(time.Since(begun).Microseconds())/1000)
		}
	}
}

// firstWords is a command with its first arguments: of a script, its number of keys and its first key.
func firstWords(args []string) string {
	var words []string
	for _, arg := range args[:min(len(args), 4)] {
		words = append(words, arg[:min(len(arg), 40)])
	}
	return strings.Join(words, " ")
}
