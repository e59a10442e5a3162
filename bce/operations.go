package bce

import (
	"context"
	"net/http"
)

// Names of the operations, as in [Error.Op] and [Attempt.Op].
const (
	opCreate          = "create havip"
	opList            = "list havips"
	opGet             = "get havip"
	opUpdate          = "update havip"
	opDelete          = "delete havip"
	opBindInstances   = "bind instances"
	opUnbindInstances = "unbind instances"
	opBindEIP         = "bind eip"
	opUnbindEIP       = "unbind eip"
	opGetSubnet       = "get subnet"
	opAssumeRole      = "assume role"
)

// GetHaVIPOutput is one HaVIP.
type GetHaVIPOutput struct {
	ResponseMeta
	HaVIP HaVIP
}

// GetHaVIP describes one HaVIP.
func (c *Client) GetHaVIP(ctx context.Context, haVIPID string) (*GetHaVIPOutput, error) {
	out := &GetHaVIPOutput{}
	call, err := haVIPCall(opGet, http.MethodGet, haVIPID, "")
	if err != nil {
		return nil, err
	}
	call.read = func(body []byte) error {
		if err := decodeObject(body, &out.HaVIP); err != nil {
			return err
		}
		return checkID(out.HaVIP.ID)
	}
	meta, callErr := c.do(ctx, call)
	if callErr != nil {
		return nil, callErr
	}
	out.ResponseMeta = meta
	return out, nil
}

// UpdateHaVIPInput lists the changes; a nil field is not changed.
type UpdateHaVIPInput struct {
	Name        *string `json:"name,omitempty"`
	Description *string `json:"description,omitempty"`
}

// UpdateHaVIP changes name or description. The token is optional: "" sends none.
func (c *Client) UpdateHaVIP(ctx context.Context, haVIPID, clientToken string, in UpdateHaVIPInput) (ResponseMeta, error) {
	call, err := haVIPCall(opUpdate, http.MethodPut, haVIPID, clientToken)
	if err != nil {
		return ResponseMeta{}, err
	}
	if in.Name == nil && in.Description == nil {
		return ResponseMeta{}, call.invalid("name or description is required")
	}
	return c.put(ctx, call, "modifyAttribute", in)
}

// DeleteHaVIP deletes a HaVIP, which must not be bound. The token is optional.
func (c *Client) DeleteHaVIP(ctx context.Context, haVIPID, clientToken string) (ResponseMeta, error) {
	call, err := haVIPCall(opDelete, http.MethodDelete, haVIPID, clientToken)
	if err != nil {
		return ResponseMeta{}, err
	}
	return c.do(ctx, call)
}

// haVIPCall returns a call about one HaVIP whose answer has no content.
func haVIPCall(op, method, haVIPID, clientToken string) (call, error) {
	call, err := idCall(op, method, haVIPPath, "haVipId", haVIPID)
	if err != nil {
		return call, err
	}
	if rule := tokenRule(clientToken); rule != "" {
		return call, call.invalid("clientToken %s", rule)
	}
	call.clientToken = clientToken
	return call, nil
}

// idCall returns a call whose path ends in an ID. It refuses an empty ID, with which the path would
// be another operation's, and dot segments, which proxies resolve.
func idCall(op, method, parent, field, id string) (call, error) {
	call := call{op: op, method: method, subject: clean(id, maxWord), read: decodeNothing}
	switch id {
	case "":
		return call, call.invalid("%s is required", field)
	case ".", "..":
		return call, call.invalid("%s %q is not an ID", field, id)
	}
	call.path = parent + "/" + uriEncode(id)
	return call, nil
}

// put sends a PUT of the given action; a nil input means no body.
func (c *Client) put(ctx context.Context, call call, action string, in any) (ResponseMeta, error) {
	call.action = action
	if in != nil {
		body, err := encodeBody(in)
		if err != nil {
			return ResponseMeta{}, call.invalid("%v", err)
		}
		call.body = body
	}
	return c.do(ctx, call)
}
