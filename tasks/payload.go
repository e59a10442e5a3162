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

// The versions of a payload.
const (
	// PayloadVersion is that of a payload with the whole request, for producers in any language: the worker registers
	// the item if the ledger does not have it.
	PayloadVersion = 1
	// referenceVersion is that of a payload that only names an item of the ledger. This package's own tasks have it.
	referenceVersion = 2
)

// maxPayload bounds a payload, in bytes. The longest description makes 28 KiB; producers may add fields.
const maxPayload = 256 << 10

// Payload is a create task's content; its JSON is a contract with producers in any language. A reference has only the
// version, the batch and the key.
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

// newReference returns the task content for a registered item. What is sent for it is read from the ledger, together
// with its record, when the task runs.
func newReference(batch, key string) Payload {
	return Payload{Version: referenceVersion, Batch: batch, Key: key}
}

// Reference reports whether the payload only names an item.
func (p Payload) Reference() bool { return p.Version == referenceVersion }

// Encode returns the payload as JSON.
func (p Payload) Encode() []byte {
	var content any = p
	if p.Reference() {
		content = struct {
			Version int    `json:"v"`
			Batch   string `json:"batch"`
			Key     string `json:"key"`
		}{p.Version, p.Batch, p.Key}
	}
	b, err := json.Marshal(content)
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
	if p.Version != PayloadVersion && !p.Reference() {
		return Payload{}, &PayloadError{Reason: fmt.Sprintf("version %d is not supported; this worker reads versions %d and %d", p.Version, PayloadVersion, referenceVersion)}
	}
	if rule := ValidateBatch(p.Batch); rule != "" {
		return Payload{}, fieldError("batch", p.Batch, rule)
	}
	if p.Reference() {
		if rule := identifierRule(p.Key, MaxKeyLength); rule != "" {
			return Payload{}, fieldError("key", p.Key, rule)
		}
		return newReference(p.Batch, p.Key), nil
	}
	if len(p.ClientToken) > MaxTokenLength { // Validate does not see a derived token
		return Payload{}, fieldError("clientToken", p.ClientToken, tokenRule(p.ClientToken))
	}
	item := p.Item()
	p.Key, p.Account = item.Key, item.Account
	if faults := item.Validate(); len(faults) > 0 {
		return Payload{}, &PayloadError{Reason: faults[0].Error()}
	}
	return p, nil
}

func fieldError(field, value, rule string) *PayloadError {
	return &PayloadError{Reason: FieldError{Field: field, Value: value, Rule: rule}.Error()}
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
