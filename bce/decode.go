package bce

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// decodeObject reads a body that must be exactly one JSON object. It ignores unknown fields,
// because BCE may add some.
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

// decodeNothing reads the answer of an operation without a result. It refuses other content, such
// as a gateway's page with status 200.
func decodeNothing(body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	return decodeObject(body, &struct{}{})
}

// checkID refuses an ID that is empty, too long or has unusual characters.
func checkID(id string) error {
	switch {
	case id == "":
		return ErrMissingID
	case len(id) > maxWord || !isHeaderWord(id):
		return errors.New("answer has a haVipId that cannot be one")
	}
	return nil
}
