package bcesim

import (
	"fmt"
	"hash/fnv"
	"net/netip"
	"strings"
)

// Subnet is a piece of a VPC's address space that HaVIPs live in.
//
// A subnet given in [Options] is strict: a fixed address must be in its CIDR, and the network and
// broadcast addresses are reserved.
//
// A subnet that is created when first named is lenient, so that example files work with any
// addresses in any order: automatic addresses come from a /16 of 10.0.0.0/8 chosen by a hash of its
// ID (the same in every run), but any private (RFC 1918) address is accepted as a fixed one. To have
// wrong addresses refused, give the subnet in Options. Each such subnet has its own VPC, vpc-X for
// sbn-X, so that equal CIDRs do not collide.
type Subnet struct {
	// ID has the form sbn-….
	ID   string
	CIDR netip.Prefix
	// VPCID defaults to the ID with vpc- in place of sbn-.
	VPCID string
}

const (
	subnetPrefix = "sbn-"
	vpcPrefix    = "vpc-"
)

// ParseSubnet reads id=cidr or id=cidr@vpcId.
func ParseSubnet(text string) (Subnet, error) {
	id, rest, found := strings.Cut(text, "=")
	if !found {
		return Subnet{}, fmt.Errorf("subnet %q: want id=cidr or id=cidr@vpc", text)
	}
	cidr, vpc, _ := strings.Cut(rest, "@")
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		return Subnet{}, fmt.Errorf("subnet %q: cidr %q: want a form such as 10.0.0.0/24", text, cidr)
	}
	subnet := Subnet{ID: id, CIDR: prefix, VPCID: vpc}
	return subnet, subnet.validate()
}

func (s Subnet) validate() error {
	switch {
	case !isID(subnetPrefix, s.ID):
		return fmt.Errorf("subnet %q: an ID has the form sbn-…", s.ID)
	case s.VPCID != "" && !isID(vpcPrefix, s.VPCID):
		return fmt.Errorf("subnet %s: vpc %q: an ID has the form vpc-…", s.ID, s.VPCID)
	case !s.CIDR.IsValid() || !s.CIDR.Addr().Is4() || s.CIDR.Bits() > 30 || s.CIDR.Bits() < 8:
		return fmt.Errorf("subnet %s: cidr %s: want IPv4 between /8 and /30", s.ID, s.CIDR)
	case s.CIDR != s.CIDR.Masked():
		return fmt.Errorf("subnet %s: cidr %s: bits are set after the prefix; did you mean %s", s.ID, s.CIDR, s.CIDR.Masked())
	}
	return nil
}

func (s Subnet) withDefaults() Subnet {
	if s.VPCID == "" {
		s.VPCID = vpcPrefix + strings.TrimPrefix(s.ID, subnetPrefix)
	}
	return s
}

// isID reports whether id is prefix and 1–64 letters, digits, - or _.
func isID(prefix, id string) bool {
	rest, found := strings.CutPrefix(id, prefix)
	return found && rest != "" && len(rest) <= 64 && !strings.ContainsFunc(rest, func(r rune) bool {
		return !isASCIILetter(r) && !isDigit(r) && r != '-' && r != '_'
	})
}

// derivedSubnet is the lenient subnet for an unknown ID.
func derivedSubnet(id string) Subnet {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(id))
	var folded byte
	for _, b := range hash.Sum(nil) {
		folded ^= b
	}
	return Subnet{ID: id, CIDR: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, folded}), 16)}.withDefaults()
}

// subnet finds or creates the subnet with that ID.
func (w *world) subnet(id string) (*addresses, *Error) {
	if found := w.subnets[id]; found != nil {
		return found, nil
	}
	if w.options.StrictSubnets || !isID(subnetPrefix, id) {
		return nil, w.options.Personality.notFound("subnet", id)
	}
	made := newAddresses(derivedSubnet(id), true)
	w.subnets[id] = made
	return made, nil
}

// subnetBody is the answer of GET /v1/subnet/{subnetId}.
type subnetBody struct {
	Subnet subnetFields `json:"subnet"`
}

type subnetFields struct {
	SubnetID    string `json:"subnetId"`
	Name        string `json:"name"`
	ZoneName    string `json:"zoneName"`
	CIDR        string `json:"cidr"`
	VPCID       string `json:"vpcId"`
	SubnetType  string `json:"subnetType"`
	Description string `json:"description"`
	CreatedTime string `json:"createdTime"`
	AvailableIP int    `json:"availableIp"`
}

func (w *world) getSubnet(x *exchange) result {
	subnet, refusal := w.subnet(x.target)
	if refusal != nil {
		return refused(refusal)
	}
	return answered(subnetBody{subnetFields{
		SubnetID:    subnet.ID,
		Name:        subnet.ID,
		ZoneName:    "cn-bj-d",
		CIDR:        subnet.CIDR.String(),
		VPCID:       subnet.VPCID,
		SubnetType:  "BCC",
		CreatedTime: w.born.UTC().Format(timeFormat),
		AvailableIP: subnet.available(),
	}})
}
