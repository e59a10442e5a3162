package plan

import (
	"encoding/binary"
	"net/netip"

	"havip/bce"
)

// subnet is a subnet, and how many addresses the rows so far need of it.
type subnet struct {
	id string
	// missing reports that BCE has no subnet with this ID.
	missing bool
	// cidr is the zero Prefix if unknown.
	cidr netip.Prefix
	// free is how many addresses are free, nil if unknown.
	free *int
	// wanted counts the addresses that rows need.
	wanted int
}

func subnetOf(id string, s bce.Subnet) *subnet {
	found := &subnet{id: id, free: s.AvailableIPs}
	if cidr, err := netip.ParsePrefix(s.CIDR); err == nil && cidr.Addr().Is4() {
		found.cidr = cidr.Masked()
	}
	return found
}

// fault returns why no HaVIP in this subnet can have the address; "" if one can. The gateway's address is
// not documented, so it is not checked.
func (s *subnet) fault(address string) string {
	ip, err := netip.ParseAddr(address)
	switch {
	case err != nil, !s.cidr.IsValid():
		return ""
	case !s.cidr.Contains(ip):
		return "is outside of"
	case s.cidr.Bits() > 30: // too small for network and broadcast addresses
		return ""
	case ip == s.cidr.Addr():
		return "is the network address of"
	case ip == lastOf(s.cidr):
		return "is the broadcast address of"
	}
	return ""
}

// take counts an address that a row needs, and reports whether one is free.
func (s *subnet) take() bool {
	s.wanted++
	return s.free == nil || s.wanted <= *s.free
}

// lastOf returns the last address of an IPv4 network.
func lastOf(cidr netip.Prefix) netip.Addr {
	first := cidr.Addr().As4()
	last := binary.BigEndian.Uint32(first[:]) | (1<<(32-cidr.Bits()) - 1)
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], last)
	return netip.AddrFrom4(b)
}
