package bce

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

const haVIPPath = "/v1/havip"

// MaxClientTokenLength is BCE's limit, in ASCII characters.
const MaxClientTokenLength = 64

// CreateHaVIPInput describes a new HaVIP.
type CreateHaVIPInput struct {
	Name     string `json:"name"`
	SubnetID string `json:"subnetId"`
	// PrivateIPAddress is the requested address; "" lets BCE assign one.
	PrivateIPAddress string `json:"privateIpAddress"`
	Description      string `json:"description,omitempty"`
}

// CreateHaVIPOutput is BCE's answer to a create. To learn an assigned address, call
// [Client.GetHaVIP].
type CreateHaVIPOutput struct {
	ResponseMeta
	// HaVIPID is never empty.
	HaVIPID string
}

// CreateHaVIP creates a HaVIP. The token is required: without it, a retry after a timeout could
// create a second HaVIP. To repeat a create, use [Client.CreateHaVIPBody] with the same bytes.
// Of the input, it checks only that name and subnet are not empty.
func (c *Client) CreateHaVIP(ctx context.Context, clientToken string, in CreateHaVIPInput) (*CreateHaVIPOutput, error) {
	call := call{op: opCreate}
	switch {
	case in.Name == "":
		return nil, call.invalid("name is required")
	case in.SubnetID == "":
		return nil, call.invalid("subnetId is required")
	}
	body, err := encodeBody(in)
	if err != nil {
		return nil, call.invalid("%v", err)
	}
	return c.CreateHaVIPBody(ctx, clientToken, body)
}

// CreateHaVIPBody creates a HaVIP and sends the body unchanged. BCE refuses a used token with
// other parameters, and whether it compares bodies by byte or by value is not documented: repeat
// a create with exactly the bytes of its first attempt.
//
// After an error of [KindMissingID] or [KindUnreadable], or any with Sent, the HaVIP may exist.
// The body must be a JSON object; its fields are not validated.
func (c *Client) CreateHaVIPBody(ctx context.Context, clientToken string, body []byte) (*CreateHaVIPOutput, error) {
	var answer struct {
		HaVIPID string `json:"haVipId"`
	}
	call := call{
		op:          opCreate,
		method:      http.MethodPost,
		path:        haVIPPath,
		clientToken: clientToken,
		body:        body,
		read: func(body []byte) error {
			if err := decodeObject(body, &answer); err != nil {
				return err
			}
			return checkID(answer.HaVIPID)
		},
	}
	if clientToken == "" {
		return nil, call.invalid("clientToken is required")
	}
	if rule := tokenRule(clientToken); rule != "" {
		return nil, call.invalid("clientToken %s", rule)
	}
	if trimmed := bytes.TrimSpace(body); len(trimmed) == 0 || trimmed[0] != '{' || !json.Valid(trimmed) {
		return nil, call.invalid("body must be a JSON object")
	}
	meta, err := c.do(ctx, call)
	if err != nil {
		return nil, err
	}
	return &CreateHaVIPOutput{ResponseMeta: meta, HaVIPID: answer.HaVIPID}, nil
}

// tokenRule returns the rule that a token breaks, or "".
func tokenRule(token string) string {
	if len(token) > MaxClientTokenLength {
		return fmt.Sprintf("has %d bytes; at most %d ASCII characters are allowed", len(token), MaxClientTokenLength)
	}
	if !isHeaderWord(token) {
		return "must be printable ASCII without spaces"
	}
	return ""
}

// encodeBody writes a request body, without escaping text for HTML.
func encodeBody(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
