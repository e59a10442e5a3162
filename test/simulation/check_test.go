package simulation

import (
	"time"

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
		s.checkOwners(x)
		s.checkBatch(x)
	}
}

// checkOwners looks for HaVIPs that pass for created by this ledger, and were not. It is called before a clock steps,
// too: what was confirmed before, no step excuses.
func (s *story) checkOwners(x *site) {
	for _, item := range s.items(x) {
		if item.Record.State != ledger.Created || item.Record.Unconfirmed() || x.excused[item.Key] {
			continue
		}
		v := s.cloud.find(item.Record.HaVIPID)
		switch {
		case v == nil || v.site == x.name && v.key == item.Key:
		case v.key != item.Key || !s.mayPass(x, v):
			s.breaks("item %s is created as %s, which is of %q %q", item.Key, v.id, v.site, v.key)
		}
	}
}

// tooSoon is how long after another ledger created a HaVIP a request of ours may have created it as far as ages tell: see
// [lifecycle.AgeSlack]. BCE's and our whole seconds add to it.
const tooSoon = 5 * time.Second

// mayPass reports whether another ledger's HaVIP may pass for created by this one: a request of this ledger that may have
// created it was begun before, or at the same time, so that nobody can tell whose it was; or a clock stepped since.
// What a ledger's first worker could see when it started is not such a HaVIP.
func (s *story) mayPass(x *site, v *havip) bool {
	if v.key == "" || v.site == x.name {
		return false
	}
	if s.cloud.steppedSince(x.name, v.at) {
		return true
	}
	r, sent := x.requests[v.key]
	return !v.visible.Before(x.opened) && sent && !v.at.Before(r.first.Add(-tooSoon))
}

func (s *story) checkItem(x *site, item ledger.Item) {
	r := item.Record
	var own []string
	for _, v := range s.cloud.havips {
		if v.gone || v.site != x.name || v.key != item.Key || s.passedBy(x, item.Key, v.id) || s.isOfAnother(x, item.Key, v.id) {
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

// adoptable is how long before its item's registration a HaVIP may have been created that an idle item adopts; see
// decision 7.
const adoptable = 30 * time.Minute

// passedBy reports whether a lookup passes the item's HaVIP by: Redis forgot the request or the item, by whose
// registration the HaVIP is so old that it is taken for somebody else's, and BCE has forgotten its token, or has refused it
// so often that the item has its next one.
func (s *story) passedBy(x *site, key, haVIPID string) bool {
	item, err := x.ledger.Item(background, batchName, key)
	v := s.cloud.find(haVIPID)
	return err == nil && (x.anew[key] || v.unknown) && (s.cloud.forgot(haVIPID) || item.Record.Generation > 1) &&
		item.Record.RegisteredAt.Time().Sub(v.created) > adoptable
}

// renamed: a name that a person changed keeps a HaVIP from being recognized; see decision 7.
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
