package bcesim

import (
	"net/http"
	"net/netip"
)

// createRequest is the body of POST /v1/havip, checked.
type createRequest struct {
	name, subnetID, description string
	// privateIP is the zero Addr if the address is assigned automatically.
	privateIP netip.Addr
}

type createdBody struct {
	HaVIPID string `json:"haVipId"`
}

func parseCreate(body []byte) (req createRequest, refusal *Error) {
	f, refusal := parseFields(body, "name", "subnetId", "privateIpAddress", "description")
	if refusal != nil {
		return req, refusal
	}
	if req.name, refusal = f.text("name", true); refusal != nil {
		return req, refusal
	}
	if refusal = checkName(req.name); refusal != nil {
		return req, refusal
	}
	if req.subnetID, refusal = f.text("subnetId", true); refusal != nil {
		return req, refusal
	}
	if req.description, refusal = f.text("description", false); refusal != nil {
		return req, refusal
	}
	address, refusal := f.text("privateIpAddress", true)
	if refusal != nil || address == "" {
		return req, refusal
	}
	req.privateIP, refusal = parseIPv4("privateIpAddress", address)
	return req, refusal
}

// create creates a HaVIP. Like BCE, it answers only the ID; get shows the address.
func (w *world) create(x *exchange) result {
	req, refusal := parseCreate(x.body)
	if refusal != nil {
		return refused(refusal)
	}
	subnet, refusal := w.subnet(req.subnetID)
	if refusal != nil {
		return refused(refusal)
	}
	if quota := w.options.QuotaPerVPC; quota > 0 && w.inVPC[subnet.VPCID] >= quota {
		return refused(refuseWith(http.StatusForbidden, CodeQuotaLimitExceeded,
			"%s has %d HaVIPs, its quota", subnet.VPCID, quota))
	}
	h := &haVIP{
		id:          newHaVIPID(),
		name:        req.name,
		description: req.description,
		subnet:      subnet,
		created:     x.now,
		made:        x.clock(),
	}
	if h.privateIP, refusal = subnet.take(req.privateIP, h); refusal != nil {
		return refused(refusal)
	}
	h.origin = x.origin(h)
	w.add(h)
	made := answered(createdBody{HaVIPID: h.id})
	made.made = h
	made.haVIPID = h.id
	return made
}

// parseIPv4 reads the canonical text of an IPv4 address.
func parseIPv4(field, text string) (netip.Addr, *Error) {
	addr, err := netip.ParseAddr(text)
	if err != nil || !addr.Is4() || addr.String() != text {
		return netip.Addr{}, refuse(CodeInappropriateJSON, "%s %q is not an IPv4 address", field, text)
	}
	return addr, nil
}
