package bce

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// decodeObject reads a body that must be exactly one JSON object. Fields that it does not
// know are ignored, for BCE may add some.
func decodeObject(body []byte, into any) error {
	trimmed := bytes.TrimSpace(body)
	switch {
	case len(trimmed) == 0:
		return errors.New("answer is empty")
	case trimmed[0] != '{':
		return errors.New("answer is not a JSON object")
	}
	if err := json.Unmarshal(trimmed, into); err != nil {
		return fmt.Errorf("answer is not the JSON expected: %w", err)
	}
	return nil
}

// decodeNothing reads the answer of an operation that answers nothing but its status. A
// gateway's page with status 200 is not that.
func decodeNothing(body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	return decodeObject(body, &struct{}{})
}

// checkID refuses an ID that names nothing, or that is too long or too strange to be kept.
func checkID(id string) error {
	switch {
	case id == "":
		return ErrMissingID
	case len(id) > maxWord || !isHeaderWord(id):
		return errors.New("answer has a haVipId that cannot be one")
	}
	return nil
}
