package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Fields are the names that a row's fields have in JSON, in their order.
func Fields[R any]() []string {
	var names []string
	for _, field := range reflect.VisibleFields(reflect.TypeFor[R]()) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}

// Pick returns a row as a JSON object of the named fields alone, in the order that they are asked for. A
// field that the row leaves out is null.
func Pick(row any, fields []string) (json.RawMessage, error) {
	whole, err := compact(row)
	if err != nil {
		return nil, err
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(whole, &values); err != nil {
		return nil, fmt.Errorf("pick fields: %w", err)
	}
	var picked bytes.Buffer
	for i, field := range fields {
		value, ok := values[field]
		if !ok {
			value = json.RawMessage("null")
		}
		fmt.Fprintf(&picked, "%c%q:%s", "{,"[min(i, 1)], field, value)
	}
	picked.WriteByte('}')
	return picked.Bytes(), nil
}

func compact(row any) ([]byte, error) {
	var b bytes.Buffer
	if err := NewEncoder(&b).Encode(row); err != nil {
		return nil, fmt.Errorf("pick fields: %w", err)
	}
	return b.Bytes(), nil
}
