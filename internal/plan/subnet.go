package plan

import (
	"encoding/binary"
	"net/netip"

	"havip/bce"
)

// subnet is what is known of a subnet, and what the rows so far ask of it.
type subnet struct {
	id string
	// missing: BCE says that there is none of this ID.
	missing bool
	// cidr is the zero Prefix where BCE said nothing that can be read.
	cidr netip.Prefix
	// free is how many addresses are free, nil where BCE did not say.
	free *int
	// wanted counts the addresses that rows want.
	wanted int
}

func subnetOf(id string, s bce.Subnet) *subnet {
	found := &subnet{id: id, free: s.AvailableIPs}
	if cidr, err := netip.ParsePrefix(s.CIDR); err == nil && cidr.Addr().Is4() {
		found.cidr = cidr.Masked()
	}
	return found
}

// fault is why an address cannot be a HaVIP's in this subnet, whoever has it; "" where it can.
//
// Which address is the gateway's is documented nowhere, so that none is taken for it.
func (s *subnet) fault(address string) string {
	ip, err := netip.ParseAddr(address)
	switch {
	case err != nil, !s.cidr.IsValid():
		return ""
	case !s.cidr.Contains(ip):
		return "is outside of"
	case s.cidr.Bits() > 30: // too small to have either
		return ""
	case ip == s.cidr.Addr():
		return "is the network address of"
	case ip == lastOf(s.cidr):
		return "is the broadcast address of"
	}
	return ""
}

// take counts an address that a row wants, and reports whether there is one for it.
func (s *subnet) take() bool {
	s.wanted++
	return s.free == nil || s.wanted <= *s.free
}

// lastOf is the last address of an IPv4 network.
func lastOf(cidr netip.Prefix) netip.Addr {
	first := cidr.Addr().As4()
	last := binary.BigEndian.Uint32(first[:]) | (1<<(32-cidr.Bits()) - 1)
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], last)
	return netip.AddrFrom4(b)
}
