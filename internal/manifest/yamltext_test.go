package manifest

import (
	"strings"
	"testing"
)

// described returns the description of a YAML file's first item, or the file's first fault.
func described(t *testing.T, text string) (description, fault string) {
	t.Helper()
	f := content(YAML, text)
	if _, faults := check(t, f); len(faults) > 0 {
		return "", faults[0]
	}
	return rows(t, f)[0].Item.Request.Description, ""
}

// A value arrives as YAML has it, whatever stands around it: before and behind its field, its item and
// the file's end.
func TestYAMLTextIsThatOfTheFile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, written, want string }{
		{"plain", "a b", "a b"},
		{"plain with marks inside", "a#b:c,d[e]{f}&g*h!i|j>k'l\"m%n@o", "a#b:c,d[e]{f}&g*h!i|j>k'l\"m%n@o"},
		{"plain with what is no alias", "a *b **c *d-e, *", "a *b **c *d-e, *"},
		{"plain with a comment", "a b \t# c", "a b"},
		{"plain that begins like something else", "-a", "-a"},
		{"plain with a tab inside", "a\tb", "a\tb"},
		{"plain over lines", "a\n    b\n\n    c", "a b\nc"},
		{"a date", "2001-01-01", "2001-01-01"},
		{"a boolean of YAML 1.1", "yes", "yes"},
		{"base 60", "1:30", "1:30"},
		{"no merge", "<<", "<<"},
		{"nothing", "", ""},
		{"null", "~", ""},
		{"null as text", "'~'", "~"},
		{"tagged null", "!!str ~", "~"},
		{"tagged number", "!!str 0x1F", "0x1F"},
		{"long tag", "!<tag:yaml.org,2002:str> 1e3", "1e3"},
		{"single quotes", "'it''s # \\n \t\"x\"'", "it's # \\n \t\"x\""},
		{"single quotes over lines", "'a \n\n    b\n    # c'", "a\nb # c"},
		{"double quotes", `"\x41\u00e9\U0001F600\t\" \\ # 'x'"`, "Aé😀\t\" \\ # 'x'"},
		{"double quotes with a tab", "\"a\tb\"", "a\tb"},
		{"double quotes over lines", "\"a \n    b\\\n    c\\n\n    d\"", "a bc\n d"},
		{"line separator in an escape", `"a\Lb"`, "a\u2028b"},
		{"literal", "|\n    a\n     b\n\n    c", "a\n b\n\nc\n"},
		{"literal, indented more", "|\n        a\n         b", "a\n b\n"},
		{"literal with tabs and spaces at the ends", "|\n    a \t\n    \tb  ", "a \t\n\tb  \n"},
		{"literal with what is none", "|\n    # a\n    - b: c\n    ---\n    \"d", "# a\n- b: c\n---\n\"d\n"},
		{"literal that begins with an empty line", "|\n\n    a", "\na\n"},
		{"literal, stripped", "|-\n    a\n    b\n\n", "a\nb"},
		{"literal, all kept", "|+\n    a\n\n", "a\n\n\n"},
		{"literal, indentation said", "|2\n      a\n    b", "  a\nb\n"},
		{"literal, indentation and strip", "|-2 # c\n      a\n    b", "  a\nb"},
		{"literal, empty", "|", ""},
		{"folded", ">\n    a\n    b\n\n    c\n\n\n    d", "a b\nc\n\nd\n"},
		{"folded, stripped", ">-\n    a\n    b", "a b"},
		{"folded, all kept", ">+\n    a\n    b\n", "a b\n\n"},
		{"folded with lines indented more", ">\n    a\n    b\n      c\n      d\n\n    e\n    f", "a b\n  c\n  d\n\ne f\n"},
		{"folded, indentation said", ">2-\n      a\n    b", "  a\nb"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			kept := strings.Contains(c.written, "|+") || strings.Contains(c.written, ">+") // counts the lines behind it
			const item, other = "- name: web-1\n  subnetId: sbn-a\n", "- name: web-2\n  subnetId: sbn-a\n"
			texts := map[string]string{
				"last in the file":           item + "  description: " + c.written + "\n",
				"before an item":             item + "  description: " + c.written + "\n" + other,
				"before a comment":           item + "  description: " + c.written + "\n# c\n\n# c\n" + other,
				"before a comment, indented": item + "  description: " + c.written + "\n  # c\n" + other,
				"before the end marker":      item + "  description: " + c.written + "\n...\n",
				"first field":                "- description: " + c.written + "\n  name: web-1\n  subnetId: sbn-a\n",
				"between fields":             "- name: web-1\n  description: " + c.written + "\n  subnetId: sbn-a\n" + other,
				"before a commented field":   "- name: web-1\n  description: " + c.written + "\n# c\n  subnetId: sbn-a\n",
			}
			if !kept {
				texts["before empty lines"] = item + "  description: " + c.written + "\n\n\n" + other
				texts["before empty lines at the end"] = item + "  description: " + c.written + "\n\n\n"
				texts["before an empty line and a field"] = "- name: web-1\n  description: " + c.written + "\n\n  subnetId: sbn-a\n"
			}
			for where, text := range texts {
				for breaks, text := range map[string]string{"LF": text, "CRLF": strings.ReplaceAll(text, "\n", "\r\n")} {
					if got, fault := described(t, text); fault != "" || got != c.want {
						t.Errorf("%s, %s: got %q, %q; want %q", where, breaks, got, fault, c.want)
					}
				}
			}
		})
	}
}

// Where the file ends without a line break, block text ends without one, by YAML's rule for the last line
// (b-chomped-last, https://yaml.org/spec/1.2.2/#8112-block-chomping-indicator), as PyYAML reads it.
func TestYAMLTextAtTheEnd(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"|\n    a\n    b": "a\nb", "|+\n    a": "a", "|-\n    a": "a", "|\n    a\n": "a\n", "|+\n    a\n": "a\n", "|+\n    a\n\n": "a\n\n", "|\n    a\n\n": "a\n",
		">\n    a\n    b": "a b", ">+\n    a\n    b": "a b", ">\n    a\n\n": "a\n", "|": "", "|\n    a\n  # c": "a\n", "|\n    a\n# c": "a\n", "|\n    a\n...": "a\n",
		"a": "a", "'a'": "a", "a\n    b": "a b", "*d": "a\n",
	} {
		for breaks, text := range map[string]string{"LF": written, "CRLF": strings.ReplaceAll(written, "\n", "\r\n")} {
			anchor := "- name: web-0\n  subnetId: sbn-a\n  description: &d |\n    a\n"
			file := content(YAML, anchor+"- name: web-1\n  subnetId: sbn-a\n  description: "+text)
			if _, faults := check(t, file); faults != nil {
				t.Errorf("%q, %s: %q", written, breaks, faults)
				continue
			}
			if got := rows(t, file)[1].Item.Request.Description; got != want {
				t.Errorf("%q, %s: got %q, want %q", written, breaks, got, want)
			}
		}
	}
}

// What YAML takes for something else than text, or not at all, is a fault with its place, and never
// another text.
func TestYAMLTextRefused(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"0x10":            `3:16: description "0x10": must be text; found a number`,
		"0o17":            `3:16: description "0o17": must be text; found a number`,
		"017":             `3:16: description "017": must be text; found a number`,
		"1_000":           `3:16: description "1_000": must be text; found a number`,
		"1e3":             `3:16: description "1e3": must be text; found a number`,
		"+1":              `3:16: description "+1": must be text; found a number`,
		"0b11":            `3:16: description "0b11": must be text; found a number`,
		".5":              `3:16: description ".5": must be text; found a number`,
		".NaN":            `3:16: description ".NaN": must be text; found a number`,
		"True":            `3:16: description "True": must be text; found true or false`,
		"!!binary aGk=":   `3:16: description "!!binary": must be text, without a tag other than !!str`,
		"a\x01b":          "3:17: has U+0001",
		"a\x7fb":          "3:17: has U+007F",
		"a\u0085b":        "3:17: has U+0085",
		"a\u2028b":        "3:17: has U+2028",
		"\"a\uFEFFb\"":    "3:18: has U+FEFF",
		"a\rb":            "3:17: has U+000D",
		"|\n    a\rb":     "4:6: has U+000D",
		"|\n    a\u2029b": "4:6: has U+2029",
		`"\ud800"`:        "3:",
		`"\q"`:            "3:",
		"a: b":            "3:",
		"@a":              "3:",
		"`a":              "3:",
		"a\n- b":          "4:3: must be a mapping",
		"\"a\"b":          "3:",
	} {
		text := "- name: web-1\n  subnetId: sbn-a\n  description: " + written + "\n"
		if got, fault := described(t, text); !strings.HasPrefix(fault, want) {
			t.Errorf("%q: got %q, %q; want %q", written, got, fault, want)
		}
	}
}

// A tab once vanished from an address, so that another one was created.
func TestYAMLTabInAnAddress(t *testing.T) {
	t.Parallel()
	for _, written := range []string{"10.42.0.1\t5", "10.42.0.1 \t5", "\"10.42.0.1\t5\"", "'10.42.0.1\t5'"} {
		_, faults := check(t, content(YAML, "- name: web-1\n  subnetId: sbn-a\n  privateIpAddress: "+written+"\n"))
		if len(faults) != 1 || !strings.HasPrefix(faults[0], "3:21: privateIpAddress ") {
			t.Errorf("%q: got %q", written, faults)
		}
	}
}

// A comment that is dropped between items is text inside quotes.
func TestYAMLCommentInsideQuotes(t *testing.T) {
	t.Parallel()
	got, fault := described(t, "- name: web-1\n  description: 'a\n# b\n    c'\n  subnetId: sbn-a\n")
	if got != "a # b c" && fault == "" {
		t.Errorf("got %q", got)
	}
	long := strings.Repeat("# "+strings.Repeat("x", 100)+"\n", 300)
	_, fault = described(t, "- name: web-1\n"+long+"  subnetId: sbn-a\n")
	if fault != "1:1: item is longer than 16 KiB, more than any valid item; is the next item indented like this one?" {
		t.Errorf("more comments inside an item than fit: got %q", fault)
	}
}
