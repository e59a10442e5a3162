package simulation

import (
	"havip/ledger"
)

// check compares the ledgers with BCE, when all is done.
func (s *story) check() {
	for _, x := range s.sites {
		owners := map[string]string{}
		for _, item := range s.items(x) {
			s.checkItem(x, item)
			id := item.Record.HaVIPID
			if other, taken := owners[id]; taken && item.Record.State.Succeeded() {
				s.breaks("%s is the result of two items, %s and %s", id, other, item.Key)
			}
			if item.Record.State.Succeeded() {
				owners[id] = item.Key
			}
		}
		s.checkBatch(x)
	}
}

func (s *story) checkItem(x *site, item ledger.Item) {
	r := item.Record
	var own []string
	for _, v := range s.cloud.havips {
		if v.gone || v.site != x.name || v.key != item.Key || x.anew[item.Key] && s.cloud.forgot(v.id) || s.isOfAnother(x, item.Key, v.id) {
			continue
		}
		own = append(own, v.id)
	}
	s.count(string(r.State))
	if x.excused[item.Key] {
		return
	}
	if len(own) > 1 && !s.renamed(own) {
		s.breaks("item %s has %v", item.Key, own)
	}
	v := s.cloud.find(r.HaVIPID)
	switch r.State {
	case ledger.Created, ledger.Adopted:
		switch {
		case v == nil:
			s.breaks("item %s is %s as %q, which never existed", item.Key, r.State, r.HaVIPID)
		case v.gone && v.goneBy == x.name && !v.unknown: // what it forgot, verify finds
			s.breaks("item %s is %s as %s, which this ledger deleted", item.Key, r.State, r.HaVIPID)
		case v.gone && v.goneBy == "":
			s.breaks("item %s is %s as %s, which does not exist", item.Key, r.State, r.HaVIPID)
		case r.State == ledger.Created && (v.site != x.name || v.key != item.Key) && !s.cloud.together(v, x.name):
			s.breaks("item %s is created as %s, which is of %q %q", item.Key, v.id, v.site, v.key)
		}
	case ledger.Canceled, ledger.Rejected, ledger.Deleted:
		// Or its ledger has forgotten that it was sent.
		if len(own) > 0 && !s.renamed(own) && !s.cloud.find(own[0]).unknown {
			s.breaks("item %s is %s (%s), and %v exists", item.Key, r.State, r.Code, own)
		}
	case ledger.Review:
	default:
		s.breaks("item %s is %s at the end", item.Key, r.State)
	}
}

// renamed: a name that a person changed keeps a HaVIP from being recognised; see decision 7.
func (s *story) renamed(ids []string) bool {
	for _, id := range ids {
		if s.cloud.find(id).renamed {
			return true
		}
	}
	return false
}

func (s *story) checkBatch(x *site) {
	b, err := x.ledger.Batch(background, batchName)
	if err != nil {
		s.breaks("ledger %s: %v", x.name, err)
		return
	}
	counts := map[ledger.State]int64{}
	for _, item := range s.items(x) {
		counts[item.Record.State]++
	}
	for state, n := range counts {
		if b.Counts[state] != n {
			s.breaks("ledger %s counts %d %s and has %d", x.name, b.Counts[state], state, n)
		}
	}
	if b.Open() != 0 || b.CompletedAt == 0 {
		s.breaks("ledger %s: all is done, and the batch is not complete: open %d, completed %d", x.name, b.Open(), b.CompletedAt)
	}
}
