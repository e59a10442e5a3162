package ledgermodel

import (
	"fmt"
	"strconv"
	"strings"

	"havip/ledger"
)

// Pause holds a batch until somebody lets it go on. Exists is whether there is one.
func (m *Model) Pause(name string, act ledger.Act) (changed, exists bool) {
	b, found := m.batches[name]
	if !found || b.hold != nil {
		return false, found
	}
	b.hold = &ledger.Hold{At: m.now(), By: act.By, Reason: act.Reason}
	b.note(m.now(), "pause", act, 0, "")
	return true, true
}

// Resume lets a held batch go on. Failures that held it are forgiven.
func (m *Model) Resume(name string, limit *ledger.FailureLimit, act ledger.Act) (changed, exists bool) {
	b, found := m.batches[name]
	if !found || b.hold == nil {
		return false, found
	}
	if b.hold.By == "" {
		for _, i := range b.items {
			i.forgiven = failed(i.state)
		}
	}
	b.hold = nil
	if limit != nil {
		b.source.MaxFailures = *limit
	}
	detail := ""
	if b.source.MaxFailures != "" {
		detail = "at most " + string(b.source.MaxFailures) + " may fail"
	}
	b.note(m.now(), "resume", act, 0, detail)
	b.judge(m.now())
	return true, true
}

// LimitFailures sets what Register may have set for a new batch.
func (m *Model) LimitFailures(name string, limit ledger.FailureLimit, act ledger.Act) (changed, exists bool) {
	b, found := m.batches[name]
	if !found || b.source.MaxFailures == limit {
		return false, found
	}
	b.source.MaxFailures = limit
	detail := "no limit"
	if limit != "" {
		detail = "at most " + string(limit) + " may fail"
	}
	b.note(m.now(), "limit", act, 0, detail)
	b.judge(m.now())
	return true, true
}

func (b *batch) note(now ledger.Millis, kind string, act ledger.Act, items int64, detail string) {
	b.events = append(b.events, ledger.Event{
		Kind: kind, At: now, By: act.By, Reason: act.Reason, Items: items, Detail: detail,
	})
}

func failed(s ledger.State) bool { return s == ledger.Rejected || s == ledger.Review }

// judge holds the batch if more of its items have failed, and were not forgiven, than may.
func (b *batch) judge(now ledger.Millis) {
	counted, total := int64(0), int64(len(b.items))
	for _, i := range b.items {
		if failed(i.state) && !i.forgiven {
			counted++
		}
	}
	limit := b.source.MaxFailures
	if limit == "" || b.hold != nil || counted <= b.most(total) {
		return
	}
	b.hold = &ledger.Hold{At: now, Limit: limit, Failed: counted, Total: total}
	detail := fmt.Sprintf("%d of %d items failed, and more than %s are not wanted", counted, total, limit)
	b.note(now, "held", ledger.Act{}, counted, detail)
}

// most is how many items may fail. Of a batch that is not whole, a percentage is of no number yet.
func (b *batch) most(total int64) int64 {
	percent, is := strings.CutSuffix(string(b.source.MaxFailures), "%")
	if !is {
		n, _ := strconv.ParseInt(percent, 10, 64)
		return n
	}
	if b.committed == 0 {
		return total
	}
	whole, part, _ := strings.Cut(percent, ".")
	hundredths, _ := strconv.ParseInt(whole+(part + "00")[:2], 10, 64)
	return hundredths * total / 10_000
}
