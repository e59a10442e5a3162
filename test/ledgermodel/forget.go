package ledgermodel

import "havip/ledger"

// Forget leaves of a finished batch only how far its items may have come.
func (m *Model) Forget(name string, f ledger.Forgetting) ledger.Verdict {
	b, found := m.batches[name]
	switch {
	case !found:
		return ledger.Absent
	case len(b.open()) > 0 || len(b.owed) > 0:
		return ledger.Busy
	case b.committed == 0 && !f.Incomplete:
		return ledger.Incomplete
	}
	m.past[name] = max(m.past[name], 1)
	for _, i := range b.items {
		m.past[name] = max(m.past[name], i.generation)
	}
	m.completions[name] = b.completions
	delete(m.batches, name)
	return ledger.Applied
}

// forgotten reports whether a request of this generation was begun before the item's batch was forgotten.
func (m *Model) forgotten(name string, generation int) bool {
	return generation != 0 && generation <= m.past[name]
}
