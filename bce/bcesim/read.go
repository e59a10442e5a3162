package bcesim

import (
	"strconv"
	"time"
)

const (
	// timeFormat is how createdTime is written.
	timeFormat  = time.RFC3339
	maxListKeys = 1000
)

// haVIPBody is a HaVIP as get and list show it.
type haVIPBody struct {
	HaVIPID          string     `json:"haVipId"`
	Name             string     `json:"name"`
	Description      string     `json:"description"`
	VPCID            string     `json:"vpcId"`
	SubnetID         string     `json:"subnetId"`
	Status           string     `json:"status"`
	PrivateIPAddress string     `json:"privateIpAddress"`
	PublicIPAddress  string     `json:"publicIpAddress,omitempty"`
	BindedInstances  []instance `json:"bindedInstances,omitempty"`
	CreatedTime      string     `json:"createdTime"`
}

type listBody struct {
	HaVIPs      []haVIPBody `json:"haVips"`
	Marker      string      `json:"marker"`
	IsTruncated bool        `json:"isTruncated"`
	NextMarker  string      `json:"nextMarker,omitempty"`
	MaxKeys     int         `json:"maxKeys"`
}

func (h *haVIP) body() haVIPBody {
	status := "available"
	if h.bound() {
		status = "binded"
	}
	return haVIPBody{
		HaVIPID:          h.id,
		Name:             h.name,
		Description:      h.description,
		VPCID:            h.subnet.VPCID,
		SubnetID:         h.subnet.ID,
		Status:           status,
		PrivateIPAddress: h.privateIP.String(),
		PublicIPAddress:  h.publicIP,
		BindedInstances:  h.instances,
		CreatedTime:      h.created.UTC().Format(timeFormat),
	}
}

func (w *world) get(x *exchange) result {
	h, refusal := w.find(x.target)
	if refusal != nil {
		return refused(refusal)
	}
	return answered(h.body())
}

// list pages through the HaVIPs by age. A marker is the ID of the page's first HaVIP; it stays valid
// after that HaVIP is deleted, so that a client that deletes while it lists misses none.
func (w *world) list(x *exchange) result {
	maxKeys, start, refusal := w.listRange(x)
	if refusal != nil {
		return refused(refusal)
	}
	vpc := x.query.Get("vpcId")
	page := listBody{HaVIPs: []haVIPBody{}, Marker: x.query.Get("marker"), MaxKeys: maxKeys}
	lag := w.options.Personality.ListLag
	for _, h := range w.order[start:] {
		if h.deleted || vpc != "" && h.subnet.VPCID != vpc || lag > 0 && x.clock().Sub(h.made) < lag {
			continue
		}
		if len(page.HaVIPs) == maxKeys {
			page.IsTruncated, page.NextMarker = true, h.id
			break
		}
		page.HaVIPs = append(page.HaVIPs, h.body())
	}
	return answered(page)
}

func (w *world) listRange(x *exchange) (maxKeys, start int, refusal *Error) {
	maxKeys = maxListKeys
	if text := x.query.Get("maxKeys"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxListKeys {
			return 0, 0, refuse(CodeInvalidHTTPRequest, "maxKeys %q is not 1 to %d", text, maxListKeys)
		}
		maxKeys = n
	}
	marker := x.query.Get("marker")
	if marker == "" {
		return maxKeys, 0, nil
	}
	if h := w.haVIPs[marker]; h != nil {
		return maxKeys, h.index, nil
	}
	return 0, 0, refuse(CodeInvalidHTTPRequest, "marker %q is not a HaVIP", marker)
}
