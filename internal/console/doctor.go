package console

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/internal/audit"
	"havip/internal/version"
)

const (
	// examineAgain is how old an examination may be before a visit starts the next one.
	examineAgain = time.Minute
	// examineWait is how long a visit waits for a running examination; the page shows it once it has ended.
	examineWait = 3 * time.Second
	// examineTimeout limits an examination.
	examineTimeout = 2 * time.Minute
)

// doctor examines Redis, queues and workers for all visits, one examination at a time.
type doctor struct {
	redis redis.Cmdable

	mu      sync.Mutex
	last    examination
	running chan struct{} // closed when the running one ends; nil if none runs
}

// examination is the result of one run.
type examination struct {
	At       time.Time
	Findings []audit.Diagnosis
	Err      error
}

func newDoctor(rdb redis.Cmdable) *doctor { return &doctor{redis: rdb} }

// latest returns the last examination, and whether another one runs. If it is old, that is started, in the background, as the
// visit that wants it may go before it ends.
func (d *doctor) latest(ctx, ended context.Context) (last examination, running bool) {
	d.mu.Lock()
	if d.running == nil && time.Since(d.last.At) > examineAgain {
		d.running = make(chan struct{})
		go d.examine(ended, d.running)
	}
	done := d.running
	d.mu.Unlock()
	if done != nil {
		wait := time.NewTimer(examineWait)
		defer wait.Stop()
		select {
		case <-done:
		case <-wait.C:
		case <-ctx.Done():
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.last, d.running != nil
}

func (d *doctor) examine(ctx context.Context, done chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, examineTimeout)
	defer cancel()
	result := examination{}
	result.Err = audit.Doctor{Redis: d.redis, Versions: "worker " + version.Read().String()}.Examine(ctx, func(found audit.Diagnosis) error {
		result.Findings = append(result.Findings, found)
		return nil
	})
	result.At = time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last, d.running = result, nil
	close(done)
}

// doctorView is the page of findings.
type doctorView struct {
	examination
	Running bool
	Failed  string
}

func doctorPage(ctx context.Context, v *visit) (content, error) {
	last, running := v.doctor.latest(ctx, v.ended)
	view := doctorView{examination: last, Running: running}
	if last.Err != nil {
		view.Failed = v.session.Explain(last.Err).Error()
	}
	return content{template: "doctor.html", Title: v.T("Doctor"), Section: "/doctor", Data: view}, nil
}
