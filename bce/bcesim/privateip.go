package bcesim

import (
	"net/netip"
	"strings"
)

// maxPrivateIPs is the maximum number of addresses of one privateIpAddressInfo.
const maxPrivateIPs = 100

type privateIPBody struct {
	VPCPrivateIPAddresses []privateIPFields `json:"vpcPrivateIpAddresses"`
}

type privateIPFields struct {
	PrivateIPAddress     string `json:"privateIpAddress"`
	CIDR                 string `json:"cidr"`
	PrivateIPAddressType string `json:"privateIpAddressType"`
	CreatedTime          string `json:"createdTime"`
}

// privateIPInfo lists which of the requested addresses are in use.
func (w *world) privateIPInfo(x *exchange) result {
	wanted, refusal := privateIPQuery(x)
	if refusal != nil {
		return refused(refusal)
	}
	if !isID(vpcPrefix, x.target) {
		return refused(w.options.Personality.notFound("VPC", x.target))
	}
	body := privateIPBody{VPCPrivateIPAddresses: []privateIPFields{}}
	for _, addr := range wanted {
		for _, subnet := range w.subnets {
			h := subnet.holders[addr]
			if h == nil || subnet.VPCID != x.target {
				continue
			}
			body.VPCPrivateIPAddresses = append(body.VPCPrivateIPAddresses, privateIPFields{
				PrivateIPAddress:     addr.String(),
				CIDR:                 subnet.CIDR.String(),
				PrivateIPAddressType: "HAVIP",
				CreatedTime:          h.created.UTC().Format(timeFormat),
			})
		}
	}
	return answered(body)
}

// privateIPQuery reads privateIpRange or else the repeated privateIpAddresses; the range
// takes precedence, and one of them is required.
func privateIPQuery(x *exchange) ([]netip.Addr, *Error) {
	var wanted []netip.Addr
	if text := x.query.Get("privateIpRange"); text != "" {
		from, to, _ := strings.Cut(text, "-")
		first, err1 := netip.ParseAddr(from)
		last, err2 := netip.ParseAddr(to)
		if err1 != nil || err2 != nil || !first.Is4() || !last.Is4() || last.Less(first) {
			return nil, refuse(CodeInvalidHTTPRequest, "privateIpRange %q is not FROM-TO", text)
		}
		for addr := first; !last.Less(addr) && len(wanted) <= maxPrivateIPs; addr = addr.Next() {
			wanted = append(wanted, addr)
			if addr == last {
				break // 255.255.255.255 has no next address
			}
		}
	} else {
		for _, text := range x.query["privateIpAddresses"] {
			addr, err := netip.ParseAddr(text)
			if err != nil || !addr.Is4() {
				return nil, refuse(CodeInvalidHTTPRequest, "privateIpAddresses %q is not an IPv4 address", text)
			}
			wanted = append(wanted, addr)
		}
	}
	if len(wanted) == 0 || len(wanted) > maxPrivateIPs {
		return nil, refuse(CodeInvalidHTTPRequest, "1 to %d addresses must be asked for", maxPrivateIPs)
	}
	return wanted, nil
}
