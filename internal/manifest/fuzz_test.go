package manifest

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// fuzz holds for every content: it is read without a panic; each fault has a place and is
// printable; and a file without faults delivers just the rows that were counted, all sound.
func fuzz(f *testing.F, format Format, seeds ...string) {
	f.Helper()
	for _, seed := range seeds {
		f.Add(seed)
		f.Add(seed[:len(seed)/2])
		f.Add("\uFEFF" + strings.ReplaceAll(seed, "\n", "\r\n"))
	}
	f.Add("")
	f.Add("\xff\xfea")
	f.Fuzz(func(t *testing.T, text string) {
		file := content(format, text)
		report, faults := check(t, file)
		for i, fault := range report.Faults {
			if fault.Line < 1 || fault.Column < 1 || fault.Rule == "" || fault.Line > 1+strings.Count(text, "\n") {
				t.Errorf("fault without a place or a rule: %+v", fault)
			}
			if !utf8.ValidString(faults[i]) || strings.ContainsFunc(faults[i], func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("not printable: %q", faults[i])
			}
		}
		if report.FaultCount > 0 {
			return
		}
		all := rows(t, file)
		if len(all) != report.Rows || len(all) == 0 {
			t.Errorf("got %d rows; the report has %d", len(all), report.Rows)
		}
		keys := make(map[string]bool)
		for i, row := range all {
			if errs := row.Item.Validate(); len(errs) > 0 {
				t.Errorf("line %d is not sound: %v", row.Line, errs)
			}
			if row.Line < 1 || i > 0 && row.Line < all[i-1].Line || keys[row.Item.Key] {
				t.Errorf("row %d, line %d, key %q: out of order or there already", i, row.Line, row.Item.Key)
			}
			keys[row.Item.Key] = true
			unchanged(t, text, row)
		}
	})
}

// unchanged holds for text without escapes: each word of a value stands in it.
func unchanged(t *testing.T, text string, row Row) {
	t.Helper()
	if strings.Contains(text, `\`) || strings.Contains(text, `""`) || strings.Contains(text, "''") {
		return
	}
	it, r := row.Item, row.Item.Request
	for _, value := range []string{it.Key, it.ClientToken, r.Name, r.SubnetID, r.PrivateIPAddress, r.Description} {
		for _, word := range strings.Fields(value) {
			if !strings.Contains(text, word) {
				t.Errorf("line %d: %q is not in the text", row.Line, word)
			}
		}
	}
}

func FuzzCSV(f *testing.F) {
	fuzz(f, CSV,
		sound,
		"clientToken,region,account,description,privateIpAddress,subnetId,name,key\nt,gz,p,\"a, \"\"b\"\"\nc\",10.0.0.7,sbn-a,网关-1,k1\n",
		"name,subnetId\na\"b,sbn-a\n\"x\"y,sbn-a\n\"open,sbn-a\nb,sbn-a\n",
		"name;subnetId\na;b\n",
		"sep=;\nname;subnetId\na;\"sbn;a\"\nb,sbn-a\n")
}

// Every line that is not empty belongs to just one row, whatever quotes it has.
func FuzzCSVEntries(f *testing.F) {
	f.Add("a\n\"b\n\nc\n\"d\"\ne,\"f\n,\"g\nh\"\"\n\"")
	f.Add("\"\n\"x\n\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		entries := newCSVEntries(strings.NewReader(text))
		lines := strings.Split(text, "\n")
		at := 1
		for {
			e, err := entries.next()
			if err != nil {
				break
			}
			for at < e.line && (lines[at-1] == "" || lines[at-1] == "\r") {
				at++
			}
			if e.line != at {
				t.Fatalf("a row begins on line %d, want %d", e.line, at)
			}
			at += 1 + strings.Count(string(e.text), "\n")
		}
		for _, rest := range lines[min(at-1, len(lines)):] {
			if rest != "" && rest != "\r" {
				t.Errorf("line %q is in no row", rest)
			}
		}
	})
}

func FuzzNDJSON(f *testing.F) {
	fuzz(f, NDJSON, a, fullObject+"\n"+a, `{"name":1,"naem":null,"name":{"a":["}"]}}`, `{"name":"\ud800"} x`)
}

func FuzzJSON(f *testing.F) {
	fuzz(f, JSON, "["+a+"]", "["+a+",\n"+fullObject+"]", "[,"+a+" 1,\"x\n\",[],]x", `[{"name":`)
}

func FuzzYAML(f *testing.F) {
	fuzz(f, YAML,
		"- name: web-1\n  subnetId: sbn-a\n- {name: web-2, subnetId: 'sbn-a'}\n",
		"---\n- &b\n  name: &n web-1\n  subnetId: sbn-a\n- <<: [*b]\n  name: !!str 1\n  key: *n\n...\n",
		"  - name: |\n      web-1\n    subnetId: 1.10\n    ? a\n    : b\n- x\n",
		"- name: web-1\n  subnetId: sbn-a\n  privateIpAddress: 10.42.0.1\t5\n",
		"- name: web-1\n  subnetId: sbn-a\n  description: >-\n    a\n\n    b\n# c\n- {name: w, subnetId: sbn-a, description: 'x \n\n y'}\n",
		"- !!str &a *b\n- \"a\n- ? [a]\n- - a\n- :\n- <<: *c\n---\n")
}
