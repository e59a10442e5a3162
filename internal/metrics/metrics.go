// Package metrics exports what a worker does and what is in Redis, in Prometheus's format. docs/metrics.md lists every metric.
//
// What the worker does itself is counted as it happens: [Metrics] is a worker.Observer. What is in Redis, such as the items by
// state, is read when it is asked for; see [State].
package metrics

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/zerolog"

	"havip/internal/version"
	"havip/internal/worker"
	"havip/tasks"
)

// Metrics are one worker's. It is a [worker.Observer].
type Metrics struct {
	registry *prometheus.Registry

	attempts    *prometheus.CounterVec
	calls       *prometheus.HistogramVec
	queued      *prometheus.HistogramVec
	suspensions *prometheus.CounterVec
	heartbeats  *prometheus.CounterVec
	lastBeat    prometheus.Gauge
	roundTrip   prometheus.Histogram
	repairs     *prometheus.CounterVec

	process *process
}

// New returns metrics of the state and of a worker that has not started; see [Metrics.Started].
func New(state *State) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "havip_attempts_total",
			Help: "Attempts to create or delete a HaVIP, by what the answer proved and the family of its code.",
		}, []string{"lane", "operation", "class", "code"}),
		calls: prometheus.NewHistogramVec(histogram(
			"havip_call_duration_seconds", "Duration of an attempt's calls to BCE.",
			0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60,
		), []string{"lane", "operation"}),
		queued: prometheus.NewHistogramVec(histogram(
			"havip_queue_wait_seconds", "Time from an item's registration to its first request.",
			0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 4*3600, 12*3600, 24*3600,
		), []string{"lane"}),
		suspensions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "havip_lane_suspensions_opened_total",
			Help: "Suspensions of a lane or of one of its subnets that this worker's requests opened, by the family of the code.",
		}, []string{"lane", "code"}),
		heartbeats: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "havip_heartbeats_total", Help: "Heartbeats that this worker wrote to Redis, or failed to write.",
		}, []string{"result"}),
		lastBeat: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "havip_last_heartbeat_timestamp_seconds", Help: "When this worker last wrote a heartbeat to Redis; 0 before the first.",
		}),
		roundTrip: prometheus.NewHistogram(histogram(
			"havip_redis_round_trip_seconds", "Round trip of a heartbeat to Redis, which is one script call.",
			0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2,
		)),
		repairs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "havip_repairs_total", Help: "Items and tasks that this worker repaired, by what was wrong.",
		}, []string{"repair"}),
		process: &process{},
	}
	// Series that an alert's increase() needs from the start.
	for _, repair := range worker.Repairs() {
		m.repairs.WithLabelValues(string(repair))
	}
	for _, result := range []string{succeeded, failed} {
		m.heartbeats.WithLabelValues(result)
	}
	m.registry.MustRegister(
		m.attempts, m.calls, m.queued, m.suspensions, m.heartbeats, m.lastBeat, m.roundTrip, m.repairs, m.process, buildInfo(), state,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// histogram has classic buckets, and native ones for a Prometheus that asks for them.
func histogram(name, help string, buckets ...float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: buckets,
		NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100, NativeHistogramMinResetDuration: time.Hour,
	}
}

func buildInfo() prometheus.Collector {
	v := version.Read()
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "havip_build_info", Help: "1; the labels say what this program was built from.",
		ConstLabels: prometheus.Labels{"version": v.Version, "revision": v.Revision, "goversion": v.Go},
	})
	info.Set(1)
	return info
}

// Started adds the metrics of a running worker.
func (m *Metrics) Started(w Process) { m.process.worker.Store(&w) }

// scrapesAtOnce bounds the memory of scrapers that do not read.
const scrapesAtOnce = 8

// Handler serves the metrics. A metric that cannot be read is left out, and the others are served.
func (m *Metrics) Handler(log zerolog.Logger) http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, ErrorLog: errorLog{log}, MaxRequestsInFlight: scrapesAtOnce, EnableOpenMetrics: true,
	})
}

// errorLog logs what the handler reports.
type errorLog struct{ log zerolog.Logger }

func (l errorLog) Println(v ...any) { l.log.Warn().Msg(fmt.Sprint(v...)) }

// Attempted counts an attempt.
func (m *Metrics) Attempted(a tasks.Attempted) {
	lane := a.Lane.String()
	m.attempts.WithLabelValues(lane, a.Operation, string(a.Outcome.Class), tasks.CodeFamily(a.Outcome)).Inc()
	m.calls.WithLabelValues(lane, a.Operation).Observe(a.Took.Seconds())
	if a.IsFirst {
		m.queued.WithLabelValues(lane).Observe(a.Queued.Seconds())
	}
}

// Suspended counts a suspension.
func (m *Metrics) Suspended(l tasks.Lane, code string) {
	m.suspensions.WithLabelValues(l.String(), family(code)).Inc()
}

func family(code string) string { return tasks.CodeFamily(tasks.Outcome{Code: code}) }

// The results of a heartbeat.
const (
	succeeded = "succeeded"
	failed    = "failed"
)

// Heartbeat counts a heartbeat.
func (m *Metrics) Heartbeat(took time.Duration, err error) {
	if err != nil {
		m.heartbeats.WithLabelValues(failed).Inc()
		return
	}
	m.heartbeats.WithLabelValues(succeeded).Inc()
	m.lastBeat.SetToCurrentTime()
	m.roundTrip.Observe(took.Seconds())
}

// Repaired counts repairs.
func (m *Metrics) Repaired(what worker.Repair, n int) {
	m.repairs.WithLabelValues(string(what)).Add(float64(n))
}

// recovered calls f and turns a panic into an error: one in a collector would end the process.
func recovered(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.Join(err, fmt.Errorf("panic: %v", p))
		}
	}()
	return f()
}
