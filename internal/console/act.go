package console

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"havip/internal/batchpause"
	"havip/internal/bulk"
	"havip/internal/durability"
	"havip/internal/lane"
	"havip/internal/session"
	"havip/internal/words"
	"havip/ledger"
)

// actWait is how long an answer waits for an action; one that takes longer continues.
const actWait = 5 * time.Second

// confirmView is the page that asks before something is done, and afterwards says what was done.
type confirmView struct {
	order
	// Rows say what happens to how many items, and Eligible counts those that change.
	Rows     []bulk.Row
	Eligible int64
	// Open counts the open items of a batch, and Waiting the tasks of a lane.
	Open, Waiting int64
	Reason        string
	// Refused says why it was not done.
	Refused string
	// Done is set once it was done, and Continues if it goes on. Uncertain is why Redis may lose it.
	Done, Continues bool
	Uncertain       string
	BackTo          string
}

// Idle reports whether nothing would change.
func (c confirmView) Idle() bool { return c.of == ofItems && c.Eligible == 0 }

// errForbidden means that the sender may only read.
var errForbidden = errors.New("this needs the role act")

// confirmPage asks whether to carry out an order.
func confirmPage(ctx context.Context, v *visit) (content, error) {
	if !v.MayAct() {
		return content{}, errForbidden
	}
	view, err := v.confirmation(ctx)
	return v.confirmContent(view), err
}

func (v *visit) confirmContent(view confirmView) content {
	return content{template: "act.html", Title: v.T(view.Title), Section: "", Data: view}
}

// confirmation counts what the order of the request would do.
func (v *visit) confirmation(ctx context.Context) (view confirmView, err error) {
	if view.order, err = orderOf(v.request); err != nil {
		return view, err
	}
	view.BackTo = view.Back(v)
	if view.of == ofLane {
		l, err := v.lane(ctx, view.Lane, nil)
		view.Waiting = l.Sizes.Waiting()
		if view.RPS == "" && l.Limit != nil {
			view.RPS = words.Decimal(l.Limit.RPS)
		}
		return view, err
	}
	b, err := v.session.Ledger.Batch(ctx, view.Batch)
	if err != nil {
		return view, err
	}
	view.Open = b.Open()
	if view.of == ofItems {
		plan, err := view.forecast(ctx, v.session, b)
		if err != nil {
			return view, err
		}
		view.Rows, view.Eligible = plan.Rows(), plan.Eligible()
	}
	return view, nil
}

// act carries out an order that a person has confirmed.
func (c *console) act(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	c.write(w, r, c.newVisit(r), func(ctx context.Context, v *visit) (content, error) {
		if !v.MayAct() {
			return content{}, errForbidden
		}
		view, err := v.confirmation(ctx)
		if err != nil {
			return content{}, err
		}
		view.RPS = strings.TrimSpace(r.FormValue("rps"))
		if view.Reason = strings.TrimSpace(r.FormValue("reason")); view.Reason == "" {
			view.Refused = v.T("Give a reason: it stands in the events.")
			return v.confirmContent(view), errRefused
		}
		return v.carryOut(ctx, view)
	})
}

// outcome is the end of an order.
type outcome struct {
	tally          *bulk.Tally
	uncertain, err error
}

// carryOut does what was ordered. An action that takes long continues after the answer, until the process ends.
func (v *visit) carryOut(ctx context.Context, view confirmView) (content, error) { //nolint:contextcheck // see the goroutine
	s := *v.session
	s.By = author(v.who)
	done := make(chan outcome, 1)
	ended := v.ended
	go func() { // an action goes on when the browser has gone
		var o outcome
		o.tally, o.uncertain, o.err = view.do(ended, &s, view.Reason, view.Eligible)
		done <- o
	}()
	v.log.Info().Str("by", s.By).Str("action", view.Op).Str("of", view.Of()).Strs("where", view.Wheres).Str("reason", view.Reason).Msg("console: action")
	wait := time.NewTimer(actWait)
	defer wait.Stop()
	view.Done, view.Rows = true, nil
	select {
	case o := <-done:
		return v.report(view, o)
	case <-wait.C:
	case <-ctx.Done():
	}
	view.Continues = true
	return v.confirmContent(view), nil
}

// report is the page about the end of an order.
func (v *visit) report(view confirmView, o outcome) (content, error) {
	var refused refusal
	switch {
	case errors.As(o.err, &refused):
		view.Done, view.Refused = false, refused.Error()
		return v.confirmContent(view), errRefused
	case o.err != nil:
		return content{}, o.err
	}
	if o.tally != nil {
		view.Rows, view.Eligible = o.tally.Rows(), o.tally.Eligible()
	}
	if o.uncertain != nil {
		view.Uncertain = o.uncertain.Error()
	}
	return v.confirmContent(view), nil
}

// do carries the order out, and returns why it is uncertain that Redis keeps it.
func (o order) do(ctx context.Context, s *session.Session, reason string, planned int64) (tally *bulk.Tally, uncertain, err error) {
	if o.of == ofLane {
		uncertain, err = durability.Change(ctx, s, durability.Lane(o.Lane), func() error { return o.doLane(ctx, s, reason) })
		return nil, uncertain, err
	}
	uncertain, err = durability.Change(ctx, s, durability.Batch(o.Batch), func() (err error) {
		if o.of == ofItems {
			tally, err = o.doItems(ctx, s, reason, planned)
			return err
		}
		return o.doBatch(ctx, s, reason)
	})
	return tally, uncertain, err
}

func (o order) doItems(ctx context.Context, s *session.Session, reason string, planned int64) (*bulk.Tally, error) {
	executor, release, err := s.Executor(o.Batch, reason)
	if err != nil {
		return nil, err
	}
	defer release()
	return o.bulk().CarryOut(ctx, executor, o.Where, planned, func(int64) {})
}

func (o order) doBatch(ctx context.Context, s *session.Session, reason string) error {
	if o.Op == "pause" {
		_, err := s.Ledger.Pause(ctx, o.Batch, s.BatchAct(reason))
		return err
	}
	b, changed, err := batchpause.End(ctx, s, o.Batch, batchpause.FailureLimit{}, reason)
	if err != nil {
		return err
	}
	return batchpause.Requeue(ctx, s, b, changed, func(int64) {}, func(error) {})
}

func (o order) doLane(ctx context.Context, s *session.Session, reason string) error {
	switch o.Op {
	case "pause-lane":
		_, _, err := lane.NewOperator(s.Redis, o.Lane.String()).Pause(ctx, s.LaneAct(reason))
		return err
	case "resume-lane":
		_, _, err := s.ResumeLane(ctx, o.Lane, reason)
		return err
	default:
		return o.limit(ctx, s, reason)
	}
}

// MayAct reports whether the visitor may act.
func (v *visit) MayAct() bool { return v.who.Role == Act }

// Resumable reports whether the batch is paused, for the choice between pause and resume.
func (r batchRow) Resumable() bool { return r.Batch.Pause != nil && r.Batch.Open() > 0 }

// May reports whether an operation would change items of the batch.
func (r batchRow) May(op string) bool {
	switch op {
	case "rollback":
		return r.Batch.Counts[ledger.Created] > 0
	case "cancel":
		return r.Batch.Open() > r.Batch.Unconfirmed
	default:
		return r.Batch.Failed() > 0 || r.Batch.Open() > r.Batch.Unconfirmed
	}
}
