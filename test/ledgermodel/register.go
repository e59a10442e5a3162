package ledgermodel

import "havip/ledger"

// Register enters what is new, and answers for each spec.
func (m *Model) Register(name string, source ledger.Source, specs []ledger.Spec) []ledger.Registration {
	answers := m.Compare(name, specs)
	now := m.now()
	b, past := m.batches[name], m.past[name]
	if source.Task && past > 0 {
		leftOver(answers)
		if b == nil {
			return answers
		}
	}
	if b == nil {
		b = &batch{name: name, source: ledger.Source{File: source.File, By: source.By, Plan: source.Plan, MaxFailures: source.MaxFailures}, created: now, completions: m.completions[name], past: past}
		m.batches[name] = b
		detail := ""
		if past > 0 {
			detail = "its record had been deleted; nothing is taken over"
		}
		b.tell(now, "registered", "", detail)
		if source.Whole {
			b.committed = now
			b.tell(now, "committed", "", "")
		}
	}
	b.registered = now
	for n, answer := range answers {
		if answer.Verdict == ledger.Added {
			b.add(now, specs[n], past)
			answers[n].Generation = max(1, past)
			b.reopen(source.Whole)
		}
	}
	return answers
}

// leftOver refuses what a task asks for that was put in before the batch was forgotten.
func leftOver(answers []ledger.Registration) {
	for n := range answers {
		if answers[n].Verdict == ledger.Added {
			answers[n] = ledger.Registration{Verdict: ledger.Gone}
		}
	}
}

// add enters an item, after the generations that the past has used.
func (b *batch) add(now ledger.Millis, spec ledger.Spec, past int) {
	b.items = append(b.items, &item{
		batch: b, spec: spec, state: ledger.Queued, generation: max(1, past), spent: past > 0, past: past, token: spec.ClientToken,
		registered: now, moved: now, changed: now,
	})
}

// Compare answers as Register would. No key is there twice.
func (m *Model) Compare(name string, specs []ledger.Spec) []ledger.Registration {
	answers := make([]ledger.Registration, len(specs))
	for n, spec := range specs {
		answers[n] = compare(spec, m.item(name, spec.Key))
	}
	return answers
}

func compare(spec ledger.Spec, i *item) ledger.Registration {
	if i == nil {
		return ledger.Registration{Verdict: ledger.Added, State: ledger.Queued, ClientToken: spec.ClientToken, Generation: 1}
	}
	answer := ledger.Registration{State: i.state, ClientToken: i.token, Generation: i.generation}
	switch {
	case spec.Fingerprint != i.spec.Fingerprint:
		standing := i.view().Spec
		answer.Verdict, answer.Existing = ledger.Conflict, &standing
	case i.state.Terminal() || i.enqueued != 0:
		answer.Verdict = ledger.Same
	default:
		answer.Verdict = ledger.Repair
	}
	return answer
}

// MarkEnqueued notes the tasks of unfinished items, once.
func (m *Model) MarkEnqueued(name string, keys []string) {
	now := m.now()
	for _, key := range keys {
		if i := m.item(name, key); i != nil && i.enqueued == 0 && !i.state.Terminal() {
			i.enqueued, i.changed = now, now
		}
	}
}

// Commit reports whether there is such a batch.
func (m *Model) Commit(name string) bool {
	b, found := m.batches[name]
	if found {
		b.commit(m.now())
	}
	return found
}
