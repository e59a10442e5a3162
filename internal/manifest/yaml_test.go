package manifest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

func TestYAMLGood(t *testing.T) {
	t.Parallel()
	described := func(r Row, text string) Row { r.Item.Request.Description = text; return r }
	runGoodCases(t, YAML, []goodCase{
		{"plain", "- name: web-1\n  subnetId: sbn-a\n- name: web-2\n  subnetId: sbn-a\n", []Row{web(1, "web-1"), web(3, "web-2")}},
		{"mark, CRLF, comments, markers", "\uFEFF# c\r\n%YAML 1.2\r\n--- # d\r\n- name: web-1 # e\r\n# f\r\n  subnetId: sbn-a\r\n...\r\n# g\r\n", []Row{web(4, "web-1")}},
		{"indented, in braces, over lines", "  - {name: web-1, subnetId: sbn-a}\n  - {\n      name: \"web-2\",\n      subnetId: 'sbn-a'\n    }\n  -\n    name: web-3\n    subnetId: sbn-a", []Row{web(1, "web-1"), web(2, "web-2"), web(6, "web-3")}},
		{"null is empty", "- name: web-1\n  subnetId: sbn-a\n  key: ~\n  region:\n  account: null\n", []Row{web(1, "web-1")}},
		{"an address needs no quotes", "- name: web-1\n  subnetId: sbn-a\n  description: 10.0.0.1\n", []Row{described(web(1, "web-1"), "10.0.0.1")}},
		{"block text with dashes", "- name: web-1\n  subnetId: sbn-a\n  description: |-\n    - a\n    ---\n     b\n", []Row{described(web(1, "web-1"), "- a\n---\n b")}},
		{"tagged text", "- name: web-1\n  subnetId: sbn-a\n  description: !!str 1.10\n", []Row{described(web(1, "web-1"), "1.10")}},
		{"all fields", "- key: k1\n  name: 网关-1\n  subnetId: sbn-dk8gl9bc\n  privateIpAddress: 10.0.0.7\n  description: \"a, \\\"b\\\"\\nc\"\n  account: prod\n  region: gz\n  clientToken: tok-1\n", []Row{full(1)}},
		{
			"anchors", "- &base\n  name: web-1\n  subnetId: &s sbn-a\n  description: d\n- <<: *base\n  name: web-2\n- name: web-3\n  subnetId: *s\n- <<: [*base]\n  key: k\n",
			[]Row{described(web(1, "web-1"), "d"), described(web(5, "web-2"), "d"), web(7, "web-3"), func() Row {
				r := described(web(9, "web-1"), "d")
				r.Item.Key = "k"
				return r
			}()},
		},
		{"long comments between items", "- name: web-1\n  subnetId: sbn-a\n" + strings.Repeat("# "+strings.Repeat("x", 100)+"\n", 300) + "- name: web-2\n  subnetId: sbn-a\n", []Row{web(1, "web-1"), web(303, "web-2")}},
	})
}

func TestYAMLFaults(t *testing.T) {
	t.Parallel()
	const item = "- name: web-1\n  subnetId: sbn-a\n"
	const notList = `must be a list of mappings, each beginning with "- "; put a list in brackets into a .json file`
	const mustBe = "must be a mapping such as {name: web-1, subnetId: sbn-dk8gl9bc}; found "
	runFaultCases(t, YAML, []faultCase{
		{"empty", "# nothing\n", 0, []string{`1:1: has no items; write one "- " entry for each item, such as - {name: web-1, subnetId: sbn-dk8gl9bc}`}},
		{"mapping", "# c\nitems:\n" + item, 0, []string{"2:1: " + notList}},
		{"brackets", " [{name: web-1}]", 0, []string{"1:2: " + notList}},
		{"two first documents", "---\n---\n" + item, 0, []string{"2:1: " + notList}},
		{"unquoted", "- name: 123\n  subnetId: 1.10\n  key: true\n  region: .inf\n", 1, []string{
			`1:9: name "123": must be text; found a number; put it in quotes: "123"`,
			`2:13: subnetId "1.10": must be text; found a number; put it in quotes: "1.10"`,
			`3:8: key "true": must be text; found true or false; put it in quotes: "true"`,
			`4:11: region ".inf": must be text; found a number; put it in quotes: ".inf"`,
		}},
		{"values", "- name: 关 1\n  subnetId: sbn dk\n-\n  name:\n", 2, []string{
			`1:9: name "关 1": has ' '; only letters, digits, Chinese characters and - _ / . are allowed`,
			`2:13: subnetId "sbn dk": must be a subnet ID such as sbn-dk8gl9bc`,
			`3:1: subnetId "": is required`,
			`4:3: name "": is required`,
		}},
		{"fields", "- naem: web-1\n  subnetId: sbn-a\n  name: web-1\n  name: web-2\n- subnet-id: x\n  name: [a]\n- {name: web-3, subnetId: {a: b}}\n- 1: x\n  name: web-4\n  subnetId: !!int 7\n", 4, []string{
			`1:3: unknown field "naem"; did you mean "name"? The fields are: ` + fieldList,
			`4:3: field "name" appears twice in the item; remove one`,
			`5:3: unknown field "subnet-id"; did you mean "subnetId"? The fields are: ` + fieldList,
			`6:9: name "": must be text; found a list`,
			`7:27: subnetId "": must be text; found a mapping`,
			`8:3: unknown field "1"; the fields are: ` + fieldList,
			`10:13: subnetId "!!int": must be text, without a tag other than !!str`,
		}},
		{"not mappings", "- web-1\n- [a]\n- 1\n-\n" + item, 5, []string{
			"1:3: " + mustBe + "text", "2:3: " + mustBe + "a list", "3:3: " + mustBe + "a number", "4:2: " + mustBe + "nothing",
		}},
		{"a fault in the form costs its item", "- name: \"x\n- name: a: b\n- name: web-1\n  subnetId: sbn\n", 3, []string{
			"1:9: is not valid YAML: while scanning a quoted scalar: found unexpected end of stream",
			"2:10: is not valid YAML: mapping values are not allowed in this context",
			`4:13: subnetId "sbn": must be a subnet ID such as sbn-dk8gl9bc`,
		}},
		{"indented with a tab", "- name: web-1\n\tsubnetId: sbn-a\n", 1, []string{
			"2:1: is not valid YAML: has a tab where only spaces are allowed; indent with spaces",
		}},
		{"outside the list", "  - name: web-1\n    subnetId: sbn-a\n x: y\n- name: web-2\n  subnetId: sbn-a\n", 2, []string{
			"3:2: is outside the list; indent it like the items before it",
			"4:1: is indented less than the items before it; indent it like them",
		}},
		{"second document", item + "---\n" + item, 1, []string{"4:1: begins a second YAML document; put all items in one list"}},
		{"aliases", "- name: *n\n  subnetId: &s sbn-a\n- *b\n- <<: *s\n  name: web-1\n- <<: {name: x}\n- &m {name: web-1, subnetId: sbn-a}\n- name: *m\n  subnetId: *s\n", 6, []string{
			`1:9: name "*n": has an alias *n, but no anchor &n before it`,
			"3:3: has an alias *b, but no anchor &b before it",
			"4:7: must be an alias of a mapping; found an alias of text",
			"6:7: must merge an alias such as *base",
			`8:9: name "*m": must be text; found an alias of a mapping`,
		}},
		{"an alias of a whole item is that item again", "- &m {name: web-1, subnetId: sbn-a}\n- *m\n", 2, []string{
			`2:3: key "web-1": same key as line 1; the key defaults to the name`,
		}},
		{"overlong", "- name: " + strings.Repeat("x", maxEntry) + "\n- name: web-1\n  subnetId: sbn\n  key: |\n" + strings.Repeat("    x\n", maxEntry/4) + "- " + strings.Repeat("x", maxLine) + "\n- name: web-2\n  subnetId: sbn\n", 3, []string{
			"1:1: item is longer than 16 KiB, more than any valid item; is the next item indented like this one?",
			"2:1: item is longer than 16 KiB, more than any valid item; is the next item indented like this one?",
			fmt.Sprintf("%d:1: %v", maxEntry/4+5, errLongLine),
			fmt.Sprintf(`%d:13: subnetId "sbn": must be a subnet ID such as sbn-dk8gl9bc`, maxEntry/4+7),
		}},
	})
}

// Anchors are the only thing that a YAML file makes us keep beyond an item.
func TestYAMLAnchorsAreBounded(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	const n = 3000
	for i := range n {
		fmt.Fprintf(&text, "- &a%d {name: web-%d, subnetId: sbn-a}\n", i, i)
	}
	report, faults := check(t, content(YAML, text.String()))
	if report.FaultCount == 0 || report.FaultCount >= n || report.Rows != n {
		t.Fatalf("got %d faults in %d rows", report.FaultCount, report.Rows)
	}
	if !strings.HasSuffix(faults[0], ": has too many anchors before it; write the values without anchors and aliases") {
		t.Errorf("got %q", faults[0])
	}

	same := strings.Repeat("- &a {name: web-1, subnetId: sbn-a, key: \"\"}\n", n)
	report, _ = check(t, content(YAML, same))
	if report.FaultCount != n-1 { // duplicate keys, and nothing about anchors
		t.Errorf("an anchor used again: got %d faults, want %d", report.FaultCount, n-1)
	}
}

// An item that nests without end is a fault on its line, and costs the parser nothing.
func TestYAMLNestedWithoutEnd(t *testing.T) {
	t.Parallel()
	for _, nest := range []string{"[", "{a: ", "- ", "? ", "!!a ", "&a ", "*a "} {
		text := "- " + strings.Repeat(nest, (maxEntry-2)/len(nest)) + "\n- name: web-1\n  subnetId: sbn\n"
		report, faults := check(t, content(YAML, text))
		if report.Rows != 2 || len(faults) < 2 || !strings.HasPrefix(faults[0], "1:") ||
			faults[len(faults)-1] != `3:13: subnetId "sbn": must be a subnet ID such as sbn-dk8gl9bc` {
			t.Errorf("%q: %d rows, %q", nest, report.Rows, faults)
		}
	}
}

func TestYAMLParserPanic(t *testing.T) {
	t.Parallel()
	node, err := withoutPanic(func([]byte) (*yaml.Node, error) { panic("index out of range") }, nil)
	if node != nil || !errors.Is(err, errNotOneEntry) {
		t.Errorf("got %v, %v", node, err)
	}
}

// What a YAML parser takes for a line break, or drops, is refused where it stands.
func TestYAMLForbiddenCharacters(t *testing.T) {
	t.Parallel()
	for r, name := range map[rune]string{'\r': "U+000D", '\v': "U+000B", 0x85: "U+0085", 0x2028: "U+2028", 0x2029: "U+2029", 0xFEFF: "U+FEFF", 1: "U+0001", 0x7F: "U+007F"} {
		for _, text := range []string{
			"- name: web-1\n  description: 网x%cy\n  subnetId: sbn-a\n", "- name: web-1\n  # a comment too%c.\n  subnetId: sbn-a\n",
			"- name: web-1\n  key: \"in quotes%c\"\n  subnetId: sbn-a\n",
		} {
			_, faults := check(t, content(YAML, fmt.Sprintf(text, r)))
			if len(faults) != 1 || !strings.HasPrefix(faults[0], "2:18: has "+name) {
				t.Errorf("%s in %q: got %q", name, text, faults)
			}
		}
	}
	// In escapes they are text like any other, and the description's own rule speaks.
	_, faults := check(t, content(YAML, "- name: web-1\n  subnetId: sbn-a\n  description: \"a\\u2028\\u0085\"\n"))
	if want := []string{`3:16: description "a\u2028\u0085": has U+0085 (next line) as character 3; remove it`}; !slices.Equal(faults, want) {
		t.Errorf("got %q, want %q", faults, want)
	}
}

// Block text is what YAML's rules make of it, and another item or field, a comment, blank lines or the end of the file
// behind it make no difference. With "+", blank lines are text. Only a file that ends without a line break has none at the
// end of its text (TestYAMLTextAtTheEnd).
func TestYAMLBlockText(t *testing.T) {
	t.Parallel()
	texts := map[string]string{
		"|\n    a\n    b":                 "a\nb\n",
		"|-\n    a\n    b":                "a\nb",
		"|+\n    a\n    b":                "a\nb\n",
		">\n    a\n    b":                 "a b\n",
		">-\n    a\n    b\n\n    c":       "a b\nc",
		">-\n    a\n      b\n    c":       "a\n  b\nc",
		"|2-\n      a\n    b":             "  a\nb",
		"| # comment\n    a # no comment": "a # no comment\n",
		"|-\n    a:\tb\t\n    - c":        "a:\tb\t\n- c",
		"|-\n    关\n\n\n    机":            "关\n\n\n机",
		"\"a\n    b\"":                    "a b",
		"'a\n\n    b'":                    "a\nb",
		"a\n    b":                        "a b",
		"a \t b":                          "a \t b",
	}
	behind := map[string]string{
		"the end": "\n", "blank lines": "\n\n\n", "a comment": "\n# c\n", "an indented comment": "\n  # c\n",
		"another item": "\n- {name: web-2, subnetId: sbn-a}\n", "blank lines and another item": "\n\n\n- {name: web-2, subnetId: sbn-a}\n",
		"another field": "\n  account: default\n", "the end of the document": "\n...\n",
	}
	for text, want := range texts {
		for name, tail := range behind {
			if strings.HasPrefix(text, "|+") && strings.HasPrefix(tail, "\n\n") {
				continue
			}
			file := content(YAML, "- name: web-1\n  subnetId: sbn-a\n  description: "+text+tail)
			if _, faults := check(t, file); faults != nil {
				t.Errorf("%q before %s: %q", text, name, faults)
				continue
			}
			all := rows(t, file)
			if got := all[0].Item.Request.Description; got != want {
				t.Errorf("%q before %s: got %q, want %q", text, name, got, want)
			}
		}
	}
	file := content(YAML, "- name: web-1\n  description: |+\n    a\n\n\n  subnetId: sbn-a\n")
	check(t, file)
	if got := rows(t, file)[0].Item.Request.Description; got != "a\n\n\n" {
		t.Errorf("with blank lines kept: %q", got)
	}
}

// No character of a value is dropped, and no value that YAML would write differently is taken for text.
func TestYAMLValuesAreExact(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"10.42.0.1\t5": `4:21: privateIpAddress "10.42.0.1\t5": has U+0009 (tab) as character 10; remove it`,
		"10.42.0.1 5":  `4:21: privateIpAddress "10.42.0.1 5": must be an IPv4 address such as 192.168.0.10, or empty for automatic`,
		"0x0A2A0001":   `4:21: privateIpAddress "0x0A2A0001": must be text; found a number; put it in quotes: "0x0A2A0001"`,
		"1_0":          `4:21: privateIpAddress "1_0": must be text; found a number; put it in quotes: "1_0"`,
		"1e3":          `4:21: privateIpAddress "1e3": must be text; found a number; put it in quotes: "1e3"`,
		"2026-11-28":   `4:21: privateIpAddress "2026-11-28": must be an IPv4 address such as 192.168.0.10, or empty for automatic`,
	} {
		_, faults := check(t, content(YAML, "- name: web-1\n  subnetId: sbn-a\n  key: k\n  privateIpAddress: "+value+"\n"))
		if !slices.Equal(faults, []string{want}) {
			t.Errorf("%q: got %q, want %q", value, faults, want)
		}
	}
	for value, want := range map[string]string{
		"yes": "yes", "2026-11-28": "2026-11-28", "<<": "<<", "=": "=", "~": "", "a#b": "a#b", "a #b": "a", "'it''s'": "it's", `"\x41\u5173"`: "A关", "a: b": "",
	} {
		file := content(YAML, "- name: web-1\n  subnetId: sbn-a\n  description: "+value+"\n")
		if _, faults := check(t, file); value == "a: b" {
			if len(faults) != 1 {
				t.Errorf("%q: got %q", value, faults)
			}
			continue
		}
		if got := rows(t, file)[0].Item.Request.Description; got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}
