package render

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type pet struct {
	Name string   `json:"name"`
	Toys []string `json:"toys"`
	age  string
}

// An array is streamed as encoding/json indents it whole, or has a record a line; fields are chosen in both.
func TestListAsJSON(t *testing.T) {
	t.Parallel()
	for _, pets := range [][]pet{{}, {{"<a>", []string{"x", "y"}, "1"}}, {{"b", nil, ""}, {"c", []string{}, ""}}} {
		var want bytes.Buffer
		enc := NewEncoder(&want)
		enc.SetIndent("", "  ")
		if err := enc.Encode(pets); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), writeList(t, List[pet]{}, Style{Format: JSON}, pets...)); diff != "" {
			t.Error(diff)
		}
		if got := writeList(t, List[pet]{Lines: true}, Style{Format: JSON}, pets...); !json.Valid([]byte(got)) || strings.Count(got, "\n") != 1+len(pets) {
			t.Errorf("a record a line: %q", got)
		}
	}
	got := writeList(t, List[pet]{}, Style{Format: JSON, Fields: []string{"toys"}}, pet{Name: "b", Toys: []string{"x"}})
	if diff := cmp.Diff("[\n  {\n    \"toys\": [\n      \"x\"\n    ]\n  }\n]\n", got); diff != "" {
		t.Error(diff)
	}
}

// What is flushed is complete, whatever the format.
func TestListFlushes(t *testing.T) {
	t.Parallel()
	list := List[pet]{
		Columns: []Column[pet]{{Name: "name", Text: func(p pet) string { return p.Name }}, {Name: "age", Text: func(p pet) string { return p.age }, Derived: true}},
		Table:   []string{"name", "age"}, Flexible: "age",
	}
	for format, want := range map[Format]string{
		JSON: "[\n  {\n    \"name\": \"b\",\n    \"toys\": null\n  }", NDJSON: "{\"name\":\"b\",\"toys\":null}\n", CSV: "name\nb\n", Table: "NAME  AGE\nb     7\n",
	} {
		var out bytes.Buffer
		w := list.Writer(&out, Style{Format: format})
		if err := w.Write(pet{Name: "b", age: "7"}); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("%s: %s", format, diff)
		}
	}
}
