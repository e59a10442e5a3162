package progress

import "time"

const (
	// paceOver is the time over which the rate is measured: long enough to be steady, short enough to follow a
	// lane that is throttled or suspended.
	paceOver  = 30 * time.Second
	paceEvery = time.Second
)

// pace measures the recent rate.
type pace struct{ marks []mark }

type mark struct {
	at   time.Time
	done int64
}

// note records how much is done, at most once a second.
func (p *pace) note(now time.Time, done int64) {
	if n := len(p.marks); n > 0 && now.Sub(p.marks[n-1].at) < paceEvery {
		return
	}
	p.marks = append(p.marks, mark{now, done})
	for len(p.marks) > 2 && now.Sub(p.marks[1].at) >= paceOver {
		p.marks = p.marks[1:]
	}
}

// perSecond returns the rate; 0 without progress, or if it is too early to say.
func (p *pace) perSecond(now time.Time, done int64) float64 {
	if len(p.marks) == 0 {
		return 0
	}
	over := now.Sub(p.marks[0].at)
	if over < paceEvery {
		return 0
	}
	return max(0, float64(done-p.marks[0].done)/over.Seconds())
}
