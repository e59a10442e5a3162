package bcesim

import (
	"encoding/binary"
	"net/netip"
)

// addresses is a subnet and the HaVIP that has each address. The caller holds the server's lock.
type addresses struct {
	Subnet
	// lenient takes any private address as a fixed one.
	lenient bool
	holders map[netip.Addr]*haVIP
	// inside counts the holders within the CIDR.
	inside int
	// low is an address of the CIDR below which none is free.
	low netip.Addr
}

func newAddresses(subnet Subnet, lenient bool) *addresses {
	return &addresses{
		Subnet:  subnet,
		lenient: lenient,
		holders: map[netip.Addr]*haVIP{},
		low:     subnet.CIDR.Addr().Next(),
	}
}

// take gives wanted, or the lowest free address when wanted is not valid, to holder.
func (a *addresses) take(wanted netip.Addr, holder *haVIP) (netip.Addr, *Error) {
	if !wanted.IsValid() {
		free, refusal := a.lowestFree()
		if refusal != nil {
			return free, refusal
		}
		wanted, a.low = free, free.Next()
	} else if refusal := a.check(wanted); refusal != nil {
		return wanted, refusal
	}
	a.holders[wanted] = holder
	if a.CIDR.Contains(wanted) {
		a.inside++
	}
	return wanted, nil
}

// release frees addr; a free one stays free.
func (a *addresses) release(addr netip.Addr) {
	if a.holders[addr] == nil {
		return
	}
	delete(a.holders, addr)
	if a.CIDR.Contains(addr) {
		a.inside--
		if addr.Less(a.low) {
			a.low = addr
		}
	}
}

func (a *addresses) check(addr netip.Addr) *Error {
	switch {
	case !a.CIDR.Contains(addr) && (!a.lenient || !addr.IsPrivate()):
		return refuse(CodePrivateIPOutside, "the address %s is not in subnet %s (%s)", addr, a.ID, a.CIDR)
	case addr == a.CIDR.Addr() || addr == a.broadcast():
		return refuse(CodePrivateIPOutside, "the address %s of subnet %s is reserved", addr, a.ID)
	case a.holders[addr] != nil:
		return refuse(CodePrivateIPInUse, "the address %s of subnet %s is in use", addr, a.ID)
	}
	return nil
}

// lowestFree searches upwards from low and raises it, so that filling a subnet costs one step
// per address.
func (a *addresses) lowestFree() (netip.Addr, *Error) {
	for addr := a.low; addr.Less(a.broadcast()); addr = addr.Next() {
		if a.holders[addr] == nil {
			return addr, nil
		}
	}
	return netip.Addr{}, refuse(CodeSubnetFull, "subnet %s (%s) has no more addresses", a.ID, a.CIDR)
}

// available counts the free addresses that an automatic assignment could give.
func (a *addresses) available() int {
	return 1<<(32-a.CIDR.Bits()) - 2 - a.inside
}

func (a *addresses) broadcast() netip.Addr {
	first := a.CIDR.Addr().As4()
	last := binary.BigEndian.Uint32(first[:]) | (1<<(32-a.CIDR.Bits()) - 1)
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], last)
	return netip.AddrFrom4(b)
}
