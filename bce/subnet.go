package bce

import (
	"context"
	"errors"
	"net/http"
)

// Subnet is a subnet of a VPC, with the fields that matter for HaVIPs.
type Subnet struct {
	ID       string `json:"subnetId"`
	Name     string `json:"name"`
	ZoneName string `json:"zoneName"`
	CIDR     string `json:"cidr"`
	VPCID    string `json:"vpcId"`
	// AvailableIPs is how many addresses are free; nil if unknown.
	AvailableIPs *int `json:"availableIp,omitempty"`
}

// GetSubnetOutput is one subnet.
type GetSubnetOutput struct {
	ResponseMeta
	Subnet Subnet
}

// GetSubnet describes one subnet.
func (c *Client) GetSubnet(ctx context.Context, subnetID string) (*GetSubnetOutput, error) {
	call, err := idCall(opGetSubnet, http.MethodGet, "/v1/subnet", "subnetId", subnetID)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Subnet Subnet `json:"subnet"`
	}
	call.read = func(body []byte) error {
		if err := decodeObject(body, &answer); err != nil {
			return err
		}
		if answer.Subnet.ID == "" {
			return errors.New("answer has no subnetId")
		}
		return nil
	}
	meta, callErr := c.do(ctx, call)
	if callErr != nil {
		return nil, callErr
	}
	return &GetSubnetOutput{ResponseMeta: meta, Subnet: answer.Subnet}, nil
}
