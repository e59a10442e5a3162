package bce

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
)

// InstancesInput lists 1 to [MaxBoundInstances] instances of one type.
type InstancesInput struct {
	InstanceIDs  []string     `json:"instanceIds"`
	InstanceType InstanceType `json:"instanceType"`
}

// BindInstances binds a HaVIP to instances.
func (c *Client) BindInstances(ctx context.Context, haVIPID, clientToken string, in InstancesInput) (ResponseMeta, error) {
	return c.putInstances(ctx, opBindInstances, "attach", haVIPID, clientToken, in)
}

// UnbindInstances unbinds a HaVIP from instances.
func (c *Client) UnbindInstances(ctx context.Context, haVIPID, clientToken string, in InstancesInput) (ResponseMeta, error) {
	return c.putInstances(ctx, opUnbindInstances, "detach", haVIPID, clientToken, in)
}

func (c *Client) putInstances(ctx context.Context, op, action, haVIPID, clientToken string, in InstancesInput) (ResponseMeta, error) {
	call, err := haVIPCall(op, http.MethodPut, haVIPID, clientToken)
	if err != nil {
		return ResponseMeta{}, err
	}
	switch n := len(in.InstanceIDs); {
	case n == 0 || n > MaxBoundInstances:
		return ResponseMeta{}, call.invalid("instanceIds has %d entries; 1 to %d are allowed", n, MaxBoundInstances)
	case slices.Contains(in.InstanceIDs, ""):
		return ResponseMeta{}, call.invalid("instanceIds has an empty entry")
	case in.InstanceType != InstanceServer && in.InstanceType != InstanceENI:
		return ResponseMeta{}, call.invalid("instanceType %q must be %s or %s", in.InstanceType, InstanceServer, InstanceENI)
	}
	return c.put(ctx, call, action, in)
}

// BindEIP binds a public address to a HaVIP. A HaVIP has at most one.
func (c *Client) BindEIP(ctx context.Context, haVIPID, clientToken, publicIPAddress string) (ResponseMeta, error) {
	call, err := haVIPCall(opBindEIP, http.MethodPut, haVIPID, clientToken)
	if err != nil {
		return ResponseMeta{}, err
	}
	if _, err := netip.ParseAddr(publicIPAddress); err != nil {
		return ResponseMeta{}, call.invalid("publicIpAddress %q must be an IP address", publicIPAddress)
	}
	return c.put(ctx, call, "bindPublicIp", struct {
		PublicIPAddress string `json:"publicIpAddress"`
	}{publicIPAddress})
}

// UnbindEIP unbinds a HaVIP's public address.
func (c *Client) UnbindEIP(ctx context.Context, haVIPID, clientToken string) (ResponseMeta, error) {
	call, err := haVIPCall(opUnbindEIP, http.MethodPut, haVIPID, clientToken)
	if err != nil {
		return ResponseMeta{}, err
	}
	return c.put(ctx, call, "unbindPublicIp", nil)
}
