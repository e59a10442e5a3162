package bcesim

import (
	"bytes"
	"encoding/json"
	"slices"
	"unicode/utf8"
)

// fields is a request's JSON object. All members must be known by their exact name;
// encoding/json would ignore case.
type fields map[string]json.RawMessage

// parseFields reads body strictly: anything but a JSON object is MalformedJSON, and an unknown
// member is InappropriateJSON.
func parseFields(body []byte, known ...string) (fields, *Error) {
	if !utf8.Valid(body) {
		return nil, refuse(CodeMalformedJSON, "the body is not UTF-8")
	}
	if !json.Valid(body) {
		return nil, refuse(CodeMalformedJSON, "the body is not JSON")
	}
	if trimmed := bytes.TrimSpace(body); trimmed[0] != '{' {
		return nil, refuse(CodeInappropriateJSON, "the body is not a JSON object")
	}
	var f fields
	if err := json.Unmarshal(body, &f); err != nil {
		return nil, refuse(CodeMalformedJSON, "the body is not JSON: %v", err)
	}
	for name := range f {
		if !slices.Contains(known, name) {
			return nil, refuse(CodeInappropriateJSON, "there is no member %q", name)
		}
	}
	return f, nil
}

// text returns a string member; it refuses a missing one if required.
func (f fields) text(name string, required bool) (string, *Error) {
	var value string
	if refusal := f.member(name, required, &value); refusal != nil {
		return "", refusal
	}
	return value, nil
}

// texts returns a required list of strings.
func (f fields) texts(name string) ([]string, *Error) {
	var values []string
	if refusal := f.member(name, true, &values); refusal != nil {
		return nil, refusal
	}
	return values, nil
}

func (f fields) member(name string, required bool, into any) *Error {
	raw, found := f[name]
	if !found {
		if required {
			return refuse(CodeInappropriateJSON, "%s is required", name)
		}
		return nil
	}
	if string(raw) == "null" || json.Unmarshal(raw, into) != nil {
		return refuse(CodeInappropriateJSON, "%s is of the wrong type", name)
	}
	return nil
}
