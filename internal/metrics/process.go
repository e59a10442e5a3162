package metrics

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"havip/tasks"
)

// Process is a running worker; [*worker.Worker] implements it.
type Process interface {
	// Pending returns how many outcomes wait to be recorded, and when the oldest of their requests was sent.
	Pending() (n int, oldest time.Time)
	// ClockOffsets returns, for each lane, how far BCE's clock is ahead of this machine's.
	ClockOffsets() map[tasks.Lane]time.Duration
}

// process collects what a running worker knows without Redis.
type process struct{ worker atomic.Pointer[Process] }

var (
	pendingDesc     = desc("havip_pending_outcomes", "Outcomes that this worker keeps, in memory and in its spool, until Redis can record them.")
	pendingAgeDesc  = desc("havip_pending_outcome_oldest_age_seconds", "Time since the oldest such request was sent; 0 if there is none.")
	clockOffsetDesc = desc("havip_clock_offset_seconds", "How far BCE's clock is ahead of this machine's, as BCE's refusals have shown; 0 if it has refused none.", "lane")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

func gauge(d *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}

// Describe implements [prometheus.Collector].
func (p *process) Describe(ch chan<- *prometheus.Desc) {
	ch <- pendingDesc
	ch <- pendingAgeDesc
	ch <- clockOffsetDesc
}

// Collect implements [prometheus.Collector]; before the worker has started, there is nothing.
func (p *process) Collect(ch chan<- prometheus.Metric) {
	w := p.worker.Load()
	if w == nil {
		return
	}
	n, oldest := (*w).Pending()
	ch <- gauge(pendingDesc, float64(n))
	age := 0.0
	if n > 0 {
		age = max(0, time.Since(oldest).Seconds())
	}
	ch <- gauge(pendingAgeDesc, age)
	for lane, offset := range (*w).ClockOffsets() {
		ch <- gauge(clockOffsetDesc, offset.Seconds(), lane.String())
	}
}
