package tasks

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// TypeCreate is the asynq type of a create task.
const TypeCreate = "havip:create"

// PayloadVersion is the payload's version that this package writes and reads.
const PayloadVersion = 1

// maxPayload bounds a payload, in bytes. The longest description makes 28 KiB; producers may add fields.
const maxPayload = 256 << 10

// Payload is a create task's content; its JSON is a contract with producers in any language.
type Payload struct {
	Version int    `json:"v"`
	Batch   string `json:"batch"`
	Key     string `json:"key"`
	Account string `json:"account"`
	Region  string `json:"region"`
	// ClientToken may be "" in a task that is not registered: it is then derived.
	ClientToken string `json:"clientToken"`
	Request     struct {
		Name             string `json:"name"`
		SubnetID         string `json:"subnetId"`
		PrivateIPAddress string `json:"privateIpAddress"`
		Description      string `json:"description"`
	} `json:"request"`
}

// PayloadError says why a payload cannot be processed. Retrying does not help.
type PayloadError struct{ Reason string }

func (e *PayloadError) Error() string { return "payload: " + e.Reason }

// newPayload returns the task content for an item under the given token.
func newPayload(batch string, item Item, token string) Payload {
	p := Payload{
		Version: PayloadVersion, Batch: batch, Key: item.Key,
		Account: item.Account, Region: item.Region, ClientToken: token,
	}
	p.Request.Name = item.Request.Name
	p.Request.SubnetID = item.Request.SubnetID
	p.Request.PrivateIPAddress = item.Request.PrivateIPAddress
	p.Request.Description = item.Request.Description
	return p
}

// Encode returns the payload as JSON.
func (p Payload) Encode() []byte {
	b, err := json.Marshal(p)
	if err != nil {
		panic(fmt.Sprintf("tasks: a struct of strings cannot fail to encode: %v", err))
	}
	return b
}

// DecodePayload decodes and validates a payload. It ignores unknown fields, so that producers may add their own. Every error is a
// [*PayloadError].
func DecodePayload(data []byte) (Payload, error) {
	if len(data) > maxPayload {
		return Payload{}, &PayloadError{Reason: fmt.Sprintf("has %d bytes; at most %d are allowed", len(data), maxPayload)}
	}
	var p Payload
	if err := json.Unmarshal(data, &p); err != nil {
		return Payload{}, &PayloadError{Reason: describeJSONError(err)}
	}
	if p.Version != PayloadVersion {
		return Payload{}, &PayloadError{Reason: fmt.Sprintf("version %d is not supported; this worker reads version %d", p.Version, PayloadVersion)}
	}
	if len(p.ClientToken) > MaxTokenLength { // Validate does not see a derived token
		return Payload{}, &PayloadError{Reason: FieldError{Field: "clientToken", Value: p.ClientToken, Rule: tokenRule(p.ClientToken)}.Error()}
	}
	item := p.Item()
	p.Key, p.Account = item.Key, item.Account
	if rule := ValidateBatch(p.Batch); rule != "" {
		return Payload{}, &PayloadError{Reason: FieldError{Field: "batch", Value: p.Batch, Rule: rule}.Error()}
	}
	if faults := item.Validate(); len(faults) > 0 {
		return Payload{}, &PayloadError{Reason: faults[0].Error()}
	}
	return p, nil
}

// Item returns the requested item with defaults filled in. A derived token is not the item's own.
func (p Payload) Item() Item {
	own := p.ClientToken
	if reservedToken(own) {
		own = ""
	}
	item := Item{
		Key: p.Key, Account: p.Account, ClientToken: own,
		Request: Request{
			Name: p.Request.Name, SubnetID: p.Request.SubnetID,
			PrivateIPAddress: p.Request.PrivateIPAddress, Description: p.Request.Description,
		},
	}.WithDefaults("")
	item.Region = p.Region // as the task's queue names it
	return item
}

func describeJSONError(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("not JSON: %v at byte %d", syntax, syntax.Offset)
	case errors.As(err, &kind):
		subject := "it"
		if kind.Field != "" {
			subject = fmt.Sprintf("field %q", kind.Field)
		}
		return fmt.Sprintf("%s must be %s, not %s", subject, jsonKind(kind.Type), withArticle(abridged(kind.Value)))
	default:
		return "not JSON: " + err.Error()
	}
}

// jsonKind returns the JSON name for the type of a payload field.
func jsonKind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct:
		return "an object"
	case reflect.String:
		return "a string"
	default:
		return "a whole number"
	}
}

// withArticle adds an article to a JSON kind such as array, bool or "number 1.5".
func withArticle(kind string) string {
	if strings.HasPrefix(kind, "array") || strings.HasPrefix(kind, "object") {
		return "an " + kind
	}
	return "a " + kind
}

// Lane is account × region: the unit that has credentials, a rate budget and a queue.
type Lane struct {
	Account string `json:"account"`
	Region  string `json:"region"`
}

// ParseLane reads "account/region".
func ParseLane(s string) (Lane, error) {
	account, region, found := strings.Cut(s, "/")
	if !found || laneWordRule(account) != "" || laneWordRule(region) != "" {
		return Lane{}, fmt.Errorf("lane %q: must be ACCOUNT/REGION, such as default/bj", s)
	}
	return Lane{Account: account, Region: region}, nil
}

func (l Lane) String() string { return l.Account + "/" + l.Region }
