package bcesim

import (
	"crypto/rand"
	"net/netip"
	"strings"
	"time"
)

// world is one account's state. The caller holds the server's lock.
type world struct {
	options *Options
	account string
	born    time.Time
	subnets map[string]*addresses
	// haVIPs and order have every HaVIP ever created, order by creation: list's markers need
	// deleted ones, and so does Truth.
	haVIPs map[string]*haVIP
	order  []*haVIP
	// inVPC counts the HaVIPs that exist, by VPC.
	inVPC map[string]int
	// eips are the public addresses in use.
	eips map[string]*haVIP
}

// haVIP is one HaVIP and its part of [Truth].
type haVIP struct {
	id, name, description string
	subnet                *addresses
	privateIP             netip.Addr
	publicIP              string
	instances             []instance
	// created is by the clock of the call that created it, which a fault may have skewed; made is by
	// the server's.
	created, made time.Time
	deleted       bool
	// index is its index in world.order.
	index int

	// origin is the call that created it, for [Truth].
	origin Record
}

// instance is a server or network interface that a HaVIP is bound to.
type instance struct {
	InstanceID   string `json:"instanceId"`
	InstanceType string `json:"instanceType"`
	Master       bool   `json:"master"`
}

func newWorld(options *Options, account string, born time.Time) *world {
	w := &world{
		options: options,
		account: account,
		born:    born,
		subnets: map[string]*addresses{},
		haVIPs:  map[string]*haVIP{},
		inVPC:   map[string]int{},
		eips:    map[string]*haVIP{},
	}
	for _, subnet := range options.Subnets {
		w.subnets[subnet.ID] = newAddresses(subnet.withDefaults(), false)
	}
	return w
}

// find returns a HaVIP that exists.
func (w *world) find(id string) (*haVIP, *Error) {
	if h := w.haVIPs[id]; h != nil && !h.deleted {
		return h, nil
	}
	return nil, w.options.Personality.notFound("HaVIP", id)
}

func (w *world) add(h *haVIP) {
	h.index = len(w.order)
	w.order = append(w.order, h)
	w.haVIPs[h.id] = h
	w.inVPC[h.subnet.VPCID]++
}

func (w *world) remove(h *haVIP) {
	h.deleted = true
	h.subnet.release(h.privateIP)
	w.inVPC[h.subnet.VPCID]--
}

// bound reports whether h is bound, and so cannot be deleted.
func (h *haVIP) bound() bool { return len(h.instances) > 0 || h.publicIP != "" }

// newHaVIPID has the form of the documentation's havip-w2d4kgc3x0y1. It is random, so that no two
// simulators or runs use the same ID.
func newHaVIPID() string { return "havip-" + strings.ToLower(rand.Text()[:12]) }
