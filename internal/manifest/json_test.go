package manifest

import (
	"strings"
	"testing"
)

const (
	a          = `{"name":"web-1","subnetId":"sbn-a"}`
	fullObject = `{"key":"k1","name":"\u7f51关-1","subnetId":"sbn-dk8gl9bc","privateIpAddress":"10.0.0.7",` +
		`"description":"a, \"b\"\nc","account":"prod","region":"gz","clientToken":"tok-1"}`
	fieldList = columnList
)

func TestNDJSONGood(t *testing.T) {
	t.Parallel()
	runGoodCases(t, NDJSON, []goodCase{
		{"plain", a + "\n", []Row{web(1, "web-1")}},
		{"byte-order mark, CRLF, blank lines, no last break", "\uFEFF\r\n" + a + "\r\n \t\r\n{ \"name\" : \"web-2\" , \"subnetId\":\"sbn-a\" }", []Row{web(2, "web-1"), web(4, "web-2")}},
		{"null is empty", `{"name":"web-1","subnetId":"sbn-a","key":null,"privateIpAddress":null}`, []Row{web(1, "web-1")}},
		{"escaped field name", `{"n\u0061me":"web-1","subnetId":"sbn-a"}`, []Row{web(1, "web-1")}},
		{"all fields", fullObject, []Row{full(1)}},
		{"replacement character that is meant", `{"name":"web-1","subnetId":"sbn-a","description":"\uFFFD\n` + "\uFFFD" + `"}`, []Row{
			func() Row { r := web(1, "web-1"); r.Item.Request.Description = "\uFFFD\n\uFFFD"; return r }(),
		}},
	})
}

func TestNDJSONFaults(t *testing.T) {
	t.Parallel()
	const notObject = `is not a JSON object such as {"name":"web-1","subnetId":"sbn-dk8gl9bc"}: `
	const mustBe = `must be an object such as {"name":"web-1","subnetId":"sbn-dk8gl9bc"}; found `
	runFaultCases(t, NDJSON, []faultCase{
		{"empty", "\n \n", 0, []string{
			`1:1: has no items; write one JSON object on each line, such as {"name":"web-1","subnetId":"sbn-dk8gl9bc"}`,
		}},
		{"array", " " + "[" + a + "]", 0, []string{"1:1: is a JSON array, not one JSON object per line; rename the file to .json"}},
		{"unknown field excuses its neighbor", `{"naem":"web-1","subnetId":"sbn-a"}`, 1, []string{
			`1:2: unknown field "naem"; did you mean "name"? The fields are: ` + fieldList,
		}},
		{"unknown field beside the right one", `{"Name":"x","name":"web-1","subnetId":"sbn-a"}`, 1, []string{
			`1:2: unknown field "Name"; did you mean "name"? The fields are: ` + fieldList,
		}},
		{"wrong types", `{"name": 123,"subnetId":{"a":["}"]}}` + "\n" + `{"name":true,"subnetId":["x"]}`, 2, []string{
			`1:10: name "123": must be a string in quotes; found a number`,
			`1:25: subnetId "{\"a\":[\"}\"]}": must be a string in quotes; found an object`,
			`2:9: name "true": must be a string in quotes; found true or false`,
			`2:25: subnetId "[\"x\"]": must be a string in quotes; found an array`,
		}},
		{"required", "{}\n" + `{"name":null,"subnetId":""}`, 2, []string{
			`1:1: name "": is required`, `1:1: subnetId "": is required`,
			`2:9: name "": is required`, `2:25: subnetId "": is required`,
		}},
		{"field twice", `{"name":"web-1","subnetId":"sbn-a","name":"web-2"}`, 1, []string{
			`1:36: field "name" appears twice in the object; remove one`,
		}},
		{"trailing garbage", a + " x\n" + a + a, 2, []string{
			"1:37: " + notObject + "invalid character 'x' after top-level value",
			"2:36: " + notObject + "invalid character '{' after top-level value",
		}},
		{"cut off", `{"name":"关`, 1, []string{"1:11: " + notObject + "unexpected end of JSON input"}},
		{"not objects", "null\n[1]\n\"x\"\n1\n" + `{"name":"web-1","subnetId":"sbn"}`, 5, []string{
			"1:1: " + mustBe + "null", "2:1: " + mustBe + "an array", "3:1: " + mustBe + "a string", "4:1: " + mustBe + "a number",
			`5:28: subnetId "sbn": must be a subnet ID such as sbn-dk8gl9bc`,
		}},
		{"control characters", "{\"name\":\"网\x07\"}\n{\"name\":\"a\tb\"}", 2, []string{
			`1:11: has U+0007 (control character) in a string; remove it`,
			`2:11: has U+0009 (tab) in a string; write it as \t`,
		}},
		{"escaped control characters", `{"name":"web\u0000","subnetId":"sbn-\u200ba"}`, 1, []string{
			`1:9: name "web\x00": has U+0000 (NUL) as character 4; remove it`,
			`1:32: subnetId "sbn-\u200ba": has U+200B (zero width space) as character 5; remove it`,
		}},
		{"half a surrogate pair", `{"name":"web-1","subnetId":"sbn-a","description":"\ud800"}`, 1, []string{
			`1:50: description "\"\\ud800\"": has an unpaired surrogate: a \u escape of a surrogate pair without the other one`,
		}},
		{"overlong line", a + "\n" + strings.Repeat("x", maxLine+1) + "\n{}\n", 3, []string{
			"2:1: " + errLongLine.Error(), `3:1: name "": is required`, `3:1: subnetId "": is required`,
		}},
		{"nested without end", strings.Repeat("[", 1<<16), 0, []string{"1:1: is a JSON array, not one JSON object per line; rename the file to .json"}},
		{"nested without end, later", "{}x\n" + strings.Repeat("[", 1<<16), 2, []string{
			"1:3: " + notObject + "invalid character 'x' after top-level value",
			"2:10001: " + notObject + "invalid character '[' exceeded max depth",
		}},
	})
}

// A value arrives as it was written, or not at all. After JSONTestSuite.
func TestJSONTextIsThatOfTheFile(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		`"a\tb\n\" \\ \/ \u00e9"`:    "a\tb\n\" \\ / é",
		`"\uD834\uDd1e"`:             "𝄞",
		`"\ud83d\ude39\ud83d\udc8d"`: "😹💍",
		`"\uFFFD"`:                   "\uFFFD",
		`"\\ud800"`:                  `\ud800`,
		`"\u0061\u30af"`:             "aク",
		"\"\u2028\u2029\uFEFF\"":     "\u2028\u2029\uFEFF",
		`"0x10 1e3 ~ true"`:          "0x10 1e3 ~ true",
		`" a "`:                      " a ",
		`""`:                         "",
		`null`:                       "",
		`"a\r\nb"`:                   "a\r\nb",
	} {
		for _, format := range []Format{JSON, NDJSON} {
			text := `{"name":"web-1", "description" : ` + written + ` ,"subnetId":"sbn-a"}`
			if format == JSON {
				text = "[" + text + "]"
			}
			f := content(format, text)
			if _, faults := check(t, f); len(faults) > 0 {
				t.Errorf("%s in %s: got %q", written, format, faults)
			} else if got := rows(t, f)[0].Item.Request.Description; got != want {
				t.Errorf("%s in %s: got %q, want %q", written, format, got, want)
			}
		}
	}
	for _, written := range []string{
		`"\ud800"`, `"\uD800\n"`, `"\uDFAA"`, `"\uDd1e\uD834"`, `"\ud800a"`, `"\ud800\ud800\udc00"`, `"\ud800\\udc00"`,
		`"\\ufffd\ud800"`, "\"\uFFFD\\ud800\"", `"\ufffd\ud800"`, // a replacement character that is meant hides none that is not
		`"a\u0000b"`, `"a\rb"`, `1`, `-0`, `1e3`, `0x10`, `01`, `NaN`, `True`, `'a'`, `"a` + "\t" + `b"`, `"a` + "\x00" + `b"`, `"\x41"`, `"\u00A"`,
		`["a"]`, `{"a":"b"}`, `"a" "b"`, `"a",`, `,"a"`, `"a" // b`, ``,
	} {
		_, faults := check(t, content(NDJSON, `{"name":"web-1","subnetId":"sbn-a","description":`+written+`}`))
		if len(faults) != 1 || !strings.HasPrefix(faults[0], "1:") || strings.HasPrefix(faults[0], "1:1:") {
			t.Errorf("%s: got %q, want one fault with its place", written, faults)
		}
	}
}

func TestJSONGood(t *testing.T) {
	t.Parallel()
	runGoodCases(t, JSON, []goodCase{
		{"on one line", "[" + a + `,{"name":"web-2","subnetId":"sbn-a"}]`, []Row{web(1, "web-1"), web(1, "web-2")}},
		{"on many lines", "\uFEFF\n[\n  {\n    \"name\": \"web-1\",\n    \"subnetId\": \"sbn-a\"\n  },\n  " + `{"name":"web-2","subnetId":"sbn-a"}` + "\n]\n\n", []Row{web(3, "web-1"), web(7, "web-2")}},
		{"all fields", "[" + fullObject + "]", []Row{full(1)}},
		{"brackets in text", `[{"name":"web-1","subnetId":"sbn-a","description":"]},\"{["}]`, []Row{
			func() Row { r := web(1, "web-1"); r.Item.Request.Description = `]},"{[`; return r }(),
		}},
	})
}

func TestJSONFaults(t *testing.T) {
	t.Parallel()
	const notObject = `is not a JSON object such as {"name":"web-1","subnetId":"sbn-dk8gl9bc"}: `
	const mustBe = `must be an object such as {"name":"web-1","subnetId":"sbn-dk8gl9bc"}; found `
	const b = `{"name":"web-2","subnetId":"sbn-a"}`
	runFaultCases(t, JSON, []faultCase{
		{"empty", "", 0, []string{`1:1: has no items; write an array of objects, such as [{"name":"web-1","subnetId":"sbn-dk8gl9bc"}]`}},
		{"no items", "[]", 0, []string{`1:1: has no items; write an array of objects, such as [{"name":"web-1","subnetId":"sbn-dk8gl9bc"}]`}},
		{"object", "\n " + a, 0, []string{
			"2:2: must be a JSON array of objects that starts with [; if it has one object per line, rename the file to .ndjson",
		}},
		{"positions", "[\n  {\"name\": \"关 1\",\n   \"subnetId\": \"sbn\"}]", 1, []string{
			`2:12: name "关 1": has ' '; only letters, digits, Chinese characters and - _ / . are allowed`,
			`3:16: subnetId "sbn": must be a subnet ID such as sbn-dk8gl9bc`,
		}},
		{"commas", "[," + a + "\n" + b + ",]", 2, []string{
			"1:2: has a comma without an item before it; remove it",
			"2:1: needs a comma between this item and the one before it",
			"2:37: has a comma before the end of the array; remove it",
		}},
		{"not objects", `[1,"x",null,[],true]`, 5, []string{
			"1:2: " + mustBe + "a number", "1:4: " + mustBe + "a string", "1:8: " + mustBe + "null",
			"1:13: " + mustBe + "an array", "1:16: " + mustBe + "true or false",
		}},
		{"behind the end", "[" + a + "]\n]", 1, []string{"2:1: has text after the end of the array; remove it"}},
		{"no end", "[" + a, 1, []string{"1:37: ends inside the array; close it with ]"}},
		{"cut off inside an item", "[" + a + `,{"name":"x`, 2, []string{"1:48: " + notObject + "unexpected end of JSON input"}},
		{"a missing quote costs its item", "[{\"name\":\"web-1,\n\"subnetId\":\"sbn-a\"},\n{\"name\":\"web-2\",\"subnetId\":\"sbn\"}]", 2, []string{
			"1:17: " + notObject + `invalid character '\n' in string literal`,
			`3:28: subnetId "sbn": must be a subnet ID such as sbn-dk8gl9bc`,
		}},
		{"overlong item", "[{\"name\":\"" + strings.Repeat("x", maxLine) + "\"},\n{\"name\":\"web-2\",\"subnetId\":\"sbn\"}]", 2, []string{
			"1:2: item is longer than 1 MiB; is its closing brace missing?",
			`2:28: subnetId "sbn": must be a subnet ID such as sbn-dk8gl9bc`,
		}},
	})
}
