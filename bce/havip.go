package bce

import (
	"encoding/json"
	"net/netip"
	"time"
)

// Statuses of a HaVIP; the second means that it is bound.
const (
	StatusAvailable = "available"
	StatusBound     = "binded"
)

// InstanceType is the type of instance that a HaVIP is bound to.
type InstanceType string

// Instance types.
const (
	InstanceServer InstanceType = "SERVER"
	InstanceENI    InstanceType = "ENI"
)

// MaxBoundInstances is how many instances one HaVIP can be bound to.
const MaxBoundInstances = 5

// HaVIP is a high-availability virtual IP in BCE's JSON.
type HaVIP struct {
	ID               string          `json:"haVipId"`
	Name             string          `json:"name"`
	Description      string          `json:"description"`
	VPCID            string          `json:"vpcId"`
	SubnetID         string          `json:"subnetId"`
	Status           string          `json:"status"`
	PrivateIPAddress string          `json:"privateIpAddress"`
	PublicIPAddress  string          `json:"publicIpAddress,omitempty"`
	CreatedTime      time.Time       `json:"createdTime,omitzero"`
	BoundInstances   []BoundInstance `json:"bindedInstances,omitempty"`
}

// BoundInstance is one instance that a HaVIP is bound to.
type BoundInstance struct {
	ID     string       `json:"instanceId"`
	Type   InstanceType `json:"instanceType"`
	Master bool         `json:"master"`
}

// answeredHaVIP is a HaVIP as BCE answers it.
type answeredHaVIP struct {
	plainHaVIP
	CreatedTime any `json:"createdTime"`
}

// plainHaVIP has no UnmarshalJSON.
type plainHaVIP HaVIP

// UnmarshalJSON reads BCE's answer. An invalid createdTime becomes the zero time and an invalid privateIpAddress
// becomes "", so that one HaVIP cannot make a whole listing unreadable.
func (h *HaVIP) UnmarshalJSON(data []byte) error {
	answer := answeredHaVIP{plainHaVIP: plainHaVIP(*h)}
	if err := json.Unmarshal(data, &answer); err != nil {
		return err
	}
	*h = answer.haVIP()
	return nil
}

func (a answeredHaVIP) haVIP() HaVIP {
	h := HaVIP(a.plainHaVIP)
	if _, err := netip.ParseAddr(h.PrivateIPAddress); err != nil {
		h.PrivateIPAddress = ""
	}
	h.CreatedTime = time.Time{}
	text, _ := a.CreatedTime.(string)
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		h.CreatedTime = at
	}
	return h
}
