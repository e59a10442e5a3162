package ledgermodel_test

import (
	"context"
	"errors"
	"slices"
	"time"

	"havip/ledger"
	"havip/lifecycle"
	"havip/test/ledgermodel"
)

// operation is one call with its arguments. The ledger and the model answer it in the same form.
type operation interface {
	onLedger(ctx context.Context, l *ledger.Ledger) (any, error)
	onModel(m *ledgermodel.Model) any
}

// decision is the answer of a transition.
type decision struct {
	Verdict ledger.Verdict
	Record  ledger.Record
}

// verdictOf is an answer in short.
func verdictOf(answer any) any {
	switch a := answer.(type) {
	case decision:
		return a.Verdict
	case ledger.Start:
		return a.Verdict
	case ledger.Release:
		return a.Verdict
	case []ledger.Registration:
		return verdictsOf(a, func(r ledger.Registration) ledger.Verdict { return r.Verdict })
	case []ledger.Commanded:
		return verdictsOf(a, func(c ledger.Commanded) ledger.Verdict { return c.Verdict })
	default:
		return answer
	}
}

func verdictsOf[T any](answers []T, of func(T) ledger.Verdict) []ledger.Verdict {
	verdicts := make([]ledger.Verdict, len(answers))
	for i, answer := range answers {
		verdicts[i] = of(answer)
	}
	return verdicts
}

func decided(verdict ledger.Verdict, rec ledger.Record) decision { return decision{verdict, rec} }

type register struct {
	batch  string
	source ledger.Source
	specs  []ledger.Spec
}

func (o register) onLedger(ctx context.Context, l *ledger.Ledger) (any, error) {
	return l.Register(ctx, o.batch, o.source, o.specs)
}

func (o register) onModel(m *ledgermodel.Model) any { return m.Register(o.batch, o.source, o.specs) }

type compare struct {
	batch string
	specs []ledger.Spec
}

func (o compare) onLedger(ctx context.Context, l *ledger.Ledger) (any, error) {
	return l.Compare(ctx, o.batch, o.specs)
}

func (o compare) onModel(m *ledgermodel.Model) any { return m.Compare(o.batch, o.specs) }

type markEnqueued struct {
	batch string
	keys  []string
}

func (o markEnqueued) onLedger(ctx context.Context, l *ledger.Ledger) (any, error) {
	return nil, l.MarkEnqueued(ctx, o.batch, o.keys)
}

func (o markEnqueued) onModel(m *ledgermodel.Model) any {
	m.MarkEnqueued(o.batch, o.keys)
	return nil
}

// commit is answered by whether there is such a batch.
type commit struct{ batch string }

func (o commit) onLedger(ctx context.Context, l *ledger.Ledger) (any, error) {
	err := l.Commit(ctx, o.batch)
	var missing *ledger.BatchNotFoundError
	if errors.As(err, &missing) {
		return false, nil
	}
	return true, err
}

func (o commit) onModel(m *ledgermodel.Model) any { return m.Commit(o.batch) }

type begin struct {
	item    ledger.Owner
	options ledger.BeginOptions
}

func (o begin) onLedger(ctx context.Context, l *ledger.Ledger) (any, error) {
	return l.Begin(ctx, o.item.Batch, o.item.Key, o.options)
}

func (o begin) onModel(m *ledgermodel.Model) any {
	return m.Begin(o.item.Batch, o.item.Key, o.options)
}

type record struct {
	item    ledger.Owner
	n       int
	outcome ledger.Outcome
}

func (o record) onLedger(ctx context.Context, l *ledger.Ledger) (any, error) {
	verdict, rec, err := l.Record(ctx, o.item.Batch, o.item.Key, o.n, o.outcome)
	return decided(verdict, rec), err
}

func (o record) onModel(m *ledgermodel.Model) any {
	return decided(m.Record(o.item.Batch, o.item.Key, o.n, o.outcome))
}

type settle struct {
	item          ledger.Owner
	state         ledger.State
	code, message string
}

func (o settle) onLedger(ctx context.Context, l *ledger.Ledger) (any, error) {
	verdict, rec, err := l.Settle(ctx, o.item.Batch, o.item.Key, o.state, o.code, o.message)
	return decided(verdict, rec), err
}

func (o settle) onModel(m *ledgermodel.Model) any {
	return decided(m.Settle(o.item.Batch, o.item.Key, o.state, o.code, o.message))
}

// seen is what a caller knew of an item when it found out what it acts on.
type seen struct {
	token   string
	sends   int
	unknown bool
	code    string
	past    int
}

func (s seen) record() ledger.Record {
	return ledger.Record{ClientToken: s.token, Sends: s.sends, Unknown: s.unknown, Code: s.code, Past: s.past}
}

type adopt struct {
	item        ledger.Owner
	seen        seen
	id, address string
}

func (o adopt) onLedger(ctx context.Context, l *ledger.Ledger) (any, error) {
	verdict, rec, err := l.Adopt(ctx, o.item.Batch, o.item.Key, o.seen.record(), o.id, o.address)
	return decided(verdict, rec), err
}

func (o adopt) onModel(m *ledgermodel.Model) any {
	return decided(m.Adopt(o.item.Batch, o.item.Key, o.seen.record(), o.id, o.address))
}

type renew struct {
	item ledger.Owner
	seen seen
	next string
}

func (o renew) onLedger(ctx context.Context, l *ledger.Ledger) (any, error) {
	verdict, rec, err := l.Renew(ctx, o.item.Batch, o.item.Key, o.seen.record(), o.next, "proof")
	return decided(verdict, rec), err
}

func (o renew) onModel(m *ledgermodel.Model) any {
	return decided(m.Renew(o.item.Batch, o.item.Key, o.seen.record(), o.next, "proof"))
}

type cancel struct {
	batch string
	items []ledger.Item
}

func (o cancel) onLedger(ctx context.Context, l *ledger.Ledger) (any, error) {
	return l.Cancel(ctx, o.batch, "not wanted", o.items)
}

func (o cancel) names(owner ledger.Owner) bool {
	return o.batch == owner.Batch && slices.ContainsFunc(o.items, func(i ledger.Item) bool { return i.Key == owner.Key })
}

func (o cancel) onModel(m *ledgermodel.Model) any { return m.Cancel(o.batch, "not wanted", o.items) }

// retry is of items as somebody saw them.
type retry struct {
	batch    string
	retrials []ledger.Retrial
}

func (o retry) onLedger(ctx context.Context, l *ledger.Ledger) (any, error) {
	return l.Retry(ctx, o.batch, o.retrials)
}

func (o retry) onModel(m *ledgermodel.Model) any { return m.Retry(o.batch, o.retrials) }

// rollback is of items as somebody saw them.
type rollback struct {
	batch string
	items []ledger.Item
}

func (o rollback) onLedger(ctx context.Context, l *ledger.Ledger) (any, error) {
	return l.Rollback(ctx, o.batch, "a mistake", o.items)
}

func (o rollback) names(owner ledger.Owner) bool {
	return o.batch == owner.Batch && slices.ContainsFunc(o.items, func(i ledger.Item) bool { return i.Key == owner.Key })
}

// saw is the haVipId of the item that was seen.
func (o rollback) saw(owner ledger.Owner) string {
	for _, i := range o.items {
		if i.Key == owner.Key {
			return i.Record.HaVIPID
		}
	}
	return ""
}

func (o rollback) onModel(m *ledgermodel.Model) any { return m.Rollback(o.batch, "a mistake", o.items) }

// forget is of a batch, by whoever may do so.
type forget struct {
	batch      string
	incomplete bool
}

func (o forget) onLedger(ctx context.Context, l *ledger.Ledger) (any, error) {
	return l.Forget(ctx, o.batch, ledger.Forgetting{By: "li@host", Reason: "done with", Incomplete: o.incomplete})
}

func (o forget) onModel(m *ledgermodel.Model) any {
	return m.Forget(o.batch, ledger.Forgetting{Incomplete: o.incomplete})
}

type beginDeletion struct {
	item    ledger.Owner
	options ledger.DeletionOptions
}

func (o beginDeletion) onLedger(ctx context.Context, l *ledger.Ledger) (any, error) {
	return l.BeginDeletion(ctx, o.item.Batch, o.item.Key, o.options)
}

func (o beginDeletion) onModel(m *ledgermodel.Model) any {
	return m.BeginDeletion(o.item.Batch, o.item.Key, o.options)
}

type endDeletion struct {
	item    ledger.Owner
	n       int
	outcome ledger.DeletionOutcome
}

func (o endDeletion) onLedger(ctx context.Context, l *ledger.Ledger) (any, error) {
	verdict, rec, err := l.EndDeletion(ctx, o.item.Batch, o.item.Key, o.n, o.outcome)
	return decided(verdict, rec), err
}

func (o endDeletion) onModel(m *ledgermodel.Model) any {
	return decided(m.EndDeletion(o.item.Batch, o.item.Key, o.n, o.outcome))
}

type confirm struct {
	item ledger.Owner
	look lifecycle.Look
}

func (o confirm) onLedger(ctx context.Context, l *ledger.Ledger) (any, error) {
	answers, err := l.Confirm(ctx, o.item.Batch, []ledger.Look{{Key: o.item.Key, Look: o.look}})
	if err != nil {
		return nil, err
	}
	return answers[0].Result, nil
}

func (o confirm) onModel(m *ledgermodel.Model) any {
	return m.Confirm(o.item.Batch, o.item.Key, o.look)
}

// release is of an item whose task a dead worker held.
type release struct {
	item ledger.Owner
	dead string
	// silent is for how long, as far as the rescuer knows.
	silent time.Duration
}

func (o release) onLedger(ctx context.Context, l *ledger.Ledger) (any, error) {
	return l.Release(ctx, o.item.Batch, o.item.Key, o.dead, o.silent)
}

func (o release) onModel(m *ledgermodel.Model) any {
	return m.Release(o.item.Batch, o.item.Key, o.dead, o.silent)
}

// onLine is what a call about a batch's line answers.
type onLine struct{ Changed, Exists bool }

func lineAnswer(changed bool, err error) (any, error) {
	var missing *ledger.BatchNotFoundError
	if errors.As(err, &missing) {
		return onLine{}, nil
	}
	return onLine{changed, true}, err
}

func modelAnswer(changed, exists bool) any { return onLine{changed, exists} }

var person = ledger.Act{By: "li@host", Reason: "a look at it"}

type pause struct{ batch string }

func (o pause) onLedger(ctx context.Context, l *ledger.Ledger) (any, error) {
	return lineAnswer(l.Pause(ctx, o.batch, person))
}

func (o pause) onModel(m *ledgermodel.Model) any { return modelAnswer(m.Pause(o.batch, person)) }

// resume is under the limit that stands if other is false.
type resume struct {
	batch string
	other bool
	limit ledger.FailureLimit
}

func (o resume) given() *ledger.FailureLimit {
	if o.other {
		return &o.limit
	}
	return nil
}

func (o resume) onLedger(ctx context.Context, l *ledger.Ledger) (any, error) {
	return lineAnswer(l.Resume(ctx, o.batch, o.given(), person))
}

func (o resume) onModel(m *ledgermodel.Model) any {
	return modelAnswer(m.Resume(o.batch, o.given(), person))
}

type limitFailures struct {
	batch string
	limit ledger.FailureLimit
}

func (o limitFailures) onLedger(ctx context.Context, l *ledger.Ledger) (any, error) {
	return lineAnswer(l.LimitFailures(ctx, o.batch, o.limit, person))
}

func (o limitFailures) onModel(m *ledgermodel.Model) any {
	return modelAnswer(m.LimitFailures(o.batch, o.limit, person))
}

// setOnComplete is answered by whether there is such a batch.
type setOnComplete struct{ batch, url string }

func (o setOnComplete) onLedger(ctx context.Context, l *ledger.Ledger) (any, error) {
	err := l.SetOnComplete(ctx, o.batch, o.url)
	var missing *ledger.BatchNotFoundError
	if errors.As(err, &missing) {
		return false, nil
	}
	return true, err
}

func (o setOnComplete) onModel(m *ledgermodel.Model) any { return m.SetOnComplete(o.batch, o.url) }

// recordNotice is of a notice as somebody saw it.
type recordNotice struct {
	seen    ledger.Batch
	notice  ledger.Notice
	outcome ledger.NoticeOutcome
}

func (o recordNotice) onLedger(ctx context.Context, l *ledger.Ledger) (any, error) {
	return l.RecordNotice(ctx, o.seen, o.notice, o.outcome, "heard")
}

func (o recordNotice) onModel(m *ledgermodel.Model) any {
	return m.RecordNotice(o.seen, o.notice, o.outcome, "heard")
}
