package manifest

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCSVGood(t *testing.T) {
	t.Parallel()
	runGoodCases(t, CSV, []goodCase{
		{"plain", "name,subnetId\nweb-1,sbn-a\nweb-2,sbn-a\n", []Row{web(2, "web-1"), web(3, "web-2")}},
		{"no line break at the end", "name,subnetId\nweb-1,sbn-a", []Row{web(2, "web-1")}},
		{"byte-order mark and CRLF", "\uFEFFname,subnetId\r\nweb-1,sbn-a\r\n", []Row{web(2, "web-1")}},
		{"empty lines", "\n\nname,subnetId\n\nweb-1,sbn-a\n\r\n\n", []Row{web(5, "web-1")}},
		{"quoted header", "\"name\",\"subnetId\"\n\"web-1\",\"sbn-a\"\n", []Row{web(2, "web-1")}},
		{"lines behind a quoted line break", "name,subnetId,description\nweb-1,sbn-a,\"\n\"\nweb-2,sbn-a,\n", []Row{
			func() Row { r := web(2, "web-1"); r.Item.Request.Description = "\n"; return r }(), web(4, "web-2"),
		}},
		{
			"all columns, in another order",
			"clientToken,region,account,description,privateIpAddress,subnetId,name,key\n" +
				"tok-1,gz,prod,\"a, \"\"b\"\"\nc\",10.0.0.7,sbn-dk8gl9bc,网关-1,k1\n",
			[]Row{full(2)},
		},
		{"same name under other keys", "key,name,subnetId\na,web-1,sbn-a\nb,web-1,sbn-a\n", []Row{
			func() Row { r := web(2, "web-1"); r.Item.Key = "a"; return r }(),
			func() Row { r := web(3, "web-1"); r.Item.Key = "b"; return r }(),
		}},
	})
}

const columnList = "key, name, subnetId, privateIpAddress, description, account, region, clientToken"

func TestCSVHeaderFaults(t *testing.T) {
	t.Parallel()
	runFaultCases(t, CSV, []faultCase{
		{"empty", "", 0, []string{"1:1: has no items; write one item on each line below the header, such as name,subnetId,privateIpAddress,description"}},
		{"header only", "name,subnetId\n", 0, []string{"1:1: has no items; write one item on each line below the header, such as name,subnetId,privateIpAddress,description"}},
		{"no header", "web-1,sbn-a\nweb-2,sbn-a\n", 0, []string{
			"1:1: first line has no known column; start the file with a header such as name,subnetId,privateIpAddress,description",
		}},
		{"semicolons", "name;subnetId\nweb-1;sbn-a\n", 0, []string{"1:1: fields are separated by ';'; separate them by ',', or declare the separator in a line before the header: sep=;"}},
		{"semicolons and quotes", "\uFEFF\"name\";\"subnetId\"\r\n\"web-1\";\"sbn-a\"\r\n", 0, []string{"1:1: fields are separated by ';'; separate them by ',', or declare the separator in a line before the header: sep=;"}},
		{"semicolons, misspelled", "subnet_id;nom\n", 0, []string{"1:1: fields are separated by ';'; separate them by ',', or declare the separator in a line before the header: sep=;"}},
		{"tabs", "name\tsubnetId\nweb-1\tsbn-a\n", 0, []string{"1:1: fields are separated by a tab; separate them by ',', or declare the separator in a line before the header: sep= and a tab"}},
		{"tabs and quotes", "\"name\"\t\"subnetId\"\n\"web-1\"\t\"sbn-a\"\n", 0, []string{"1:1: fields are separated by a tab; separate them by ',', or declare the separator in a line before the header: sep= and a tab"}},
		{"bars and quotes", "'name' | 'subnetId'\n", 0, []string{"1:1: fields are separated by '|'; separate them by ',', or declare the separator in a line before the header: sep=|"}},
		{"a semicolon in a column", "name,subnetId,description;region\n", 0, []string{
			`1:15: columns "description;region" are separated by ';', the others by ','; separate all by ','`,
		}},
		{"a JSON array", `[{"name":"web-1","subnetId":"sbn-a"}]`, 0, []string{
			"1:1: is JSON, not CSV; rename the file to .json, or pass --format json",
		}},
		{"JSON objects", `{"name":"web-1","subnetId":"sbn-a"}`, 0, []string{
			"1:1: is JSON, not CSV; rename the file to .ndjson, or pass --format ndjson",
		}},
		{"CR alone", "name,subnetId\rweb-1,sbn-a\r", 0, []string{"1:1: has CR line ends; save it with LF or CRLF line ends"}},
		{"unknown columns, told once", "name,subnet_id,网,desc\nweb-1,sbn-a,,\nweb-2,sbn-a,,\n", 2, []string{
			`1:1: column "subnetId" is missing from the header`,
			`1:6: unknown column "subnet_id"; did you mean "subnetId"? The columns are: ` + columnList,
			`1:16: unknown column "网"; the columns are: ` + columnList,
			`1:18: unknown column "desc"; the columns are: ` + columnList,
		}},
		{"other case is another name", "Name,subnetId\nweb-1,sbn-a\n", 1, []string{
			`1:1: unknown column "Name"; did you mean "name"? The columns are: ` + columnList,
			`1:1: column "name" is missing from the header`,
		}},
		{"control characters in a name", "name,subnetId,\x1b[31m\nweb-1,sbn-a,\n", 1, []string{
			`1:15: unknown column "\x1b[31m"; the columns are: ` + columnList,
		}},
		{"column twice", "name,subnetId,name\nweb-1,sbn-a,web-2\n", 1, []string{`1:15: column "name" appears twice in the header; remove one`}},
		{"malformed", "name,sub\"netId\nweb-1,sbn-a\n", 0, []string{
			`1:9: has a quote inside an unquoted field; put the whole field in quotes, and write a quote in it as ""`,
		}},
	})
}

func TestCSVRowFaults(t *testing.T) {
	t.Parallel()
	const header = "name,subnetId,description\n"
	runFaultCases(t, CSV, []faultCase{
		{"values, columns in characters", header + "网关 1,sbn dk,\n", 1, []string{
			`2:1: name "网关 1": has ' '; only letters, digits, Chinese characters and - _ / . are allowed`,
			`2:6: subnetId "sbn dk": must be a subnet ID such as sbn-dk8gl9bc`,
		}},
		{"behind a quoted line break", header + "\"web\n-1\",sbn,\"\"\n", 1, []string{
			`2:1: name "web\n-1": has U+000A (line feed) as character 4; remove it`,
			`3:5: subnetId "sbn": must be a subnet ID such as sbn-dk8gl9bc`,
		}},
		{"numbers of fields", header + "web-1,sbn-a\nweb-2,sbn-a,a,b\nweb-3\n  \n", 4, []string{
			"2:1: row has 2 fields, the header 3; leave a field empty, but keep its separator",
			"3:15: row has 4 fields, the header 3; put a value that contains ',' in quotes",
			"4:1: row has 1 field, the header 3; leave a field empty, but keep its separator",
			"5:1: row has 1 field, the header 3; leave a field empty, but keep its separator",
		}},
		{"only empty fields, as spreadsheets leave them behind", header + ",,\n\"\",,,,,\n", 2, []string{
			"2:1: row has no values; remove the line", "3:1: row has no values; remove the line",
		}},
		{"stray quotes cost one row each", header + "a\"b,sbn-a,\nweb-1,sbn-a,\"x\"y\nweb-1,sbn,\n", 3, []string{
			`2:2: has a quote inside an unquoted field; put the whole field in quotes, and write a quote in it as ""`,
			`3:16: has text after a closing quote; write a quote inside a field as ""`,
			`4:7: subnetId "sbn": must be a subnet ID such as sbn-dk8gl9bc`,
		}},
		{"open quote costs one row", header + "web-1,sbn-a,\"open\nweb-2,sbn,\nweb-3,sbn-a,\"x\"\nweb-4,s,\n", 4, []string{
			`2:13: has a quote that is not closed; close it, and write a quote inside a field as ""`,
			`3:7: subnetId "sbn": must be a subnet ID such as sbn-dk8gl9bc`,
			`5:7: subnetId "s": must be a subnet ID such as sbn-dk8gl9bc`,
		}},
		{"open quote up to the end", header + "web-1,sbn-a,\"open\nweb-2,sbn,", 2, []string{
			`2:13: has a quote that is not closed; close it, and write a quote inside a field as ""`,
			`3:7: subnetId "sbn": must be a subnet ID such as sbn-dk8gl9bc`,
		}},
		{"overlong line", header + "web-1,sbn-a," + strings.Repeat("x", maxLine) + "\nweb-2,sbn,\n", 2, []string{
			"2:1: " + errLongLine.Error(),
			`3:7: subnetId "sbn": must be a subnet ID such as sbn-dk8gl9bc`,
		}},
		{"overlong line behind an open quote", header + "web-1,sbn-a,\"\nweb-2,sbn,\n" + strings.Repeat("x", 2*maxLine) + "\nweb-3,sbn,\n", 4, []string{
			`2:13: has a quote that is not closed; close it, and write a quote inside a field as ""`,
			`3:7: subnetId "sbn": must be a subnet ID such as sbn-dk8gl9bc`,
			"4:1: " + errLongLine.Error(),
			`5:7: subnetId "sbn": must be a subnet ID such as sbn-dk8gl9bc`,
		}},
		{"GB18030", header + "web-1,sbn,\nweb-2,sbn-a,\xc4\xe3\nweb-3,sbn,\n", 1, []string{
			`2:7: subnetId "sbn": must be a subnet ID such as sbn-dk8gl9bc`,
			"3:13: " + ruleGB18030,
		}},
		{"UTF-16 with mark", "\xff\xfen\x00a\x00", 0, []string{
			"1:1: is UTF-16 text, not UTF-8; save it as UTF-8, or convert it: iconv -f UTF-16 -t UTF-8 FILE > NEWFILE",
		}},
		{"UTF-16 without mark", "n\x00a\x00m\x00", 0, []string{
			"1:1: " + ruleUTF16LE,
		}},
	})
}

// A value arrives as it stands in the file: nothing is trimmed, and line ends in quotes stay LF or CRLF.
// After csv-spectrum and RFC 4180.
func TestCSVTextIsThatOfTheFile(t *testing.T) {
	t.Parallel()
	const header = "name,subnetId,description,key\n"
	for _, c := range []struct{ written, want string }{
		{` a `, " a "},
		{"\ta\t", "\ta\t"},
		{`" a "`, " a "},
		{`"a ""b"" c"`, `a "b" c`},
		{`""`, ""},
		{`""""`, `"`},
		{`{""a"": 1}`, ""}, // quotes in the middle, refused
		{`"{""a"": 1}"`, `{"a": 1}`},
		{"\"a\nb\"", "a\nb"},
		{"\"a\r\nb\"", "a\r\nb"},
		{"\"a\r\n\r\nb\r\n\"", "a\r\n\r\nb\r\n"},
		{"\"a\nb\r\nc\"", "a\nb\r\nc"},
		{"\"\r\n\"", "\r\n"},
		{"\"a,b\"", "a,b"},
		{"a;b\tc|d", "a;b\tc|d"},
		{`'a'`, `'a'`},
		{`a\nb`, `a\nb`},
		{"=1+1", "=1+1"},
		{"0x10", "0x10"},
		{"数据库 é 😀", "数据库 é 😀"},
		{"a\uFEFF\u2028\u00A0b", "a\uFEFF\u2028\u00A0b"},
		{"a\rb", ""},         // a CR alone, refused
		{"\"a\r\r\nb\"", ""}, // the same
		{"\"a\rb\"", ""},     // the same
		{"a\r", ""},          // the same
		{"a\x00b", ""},       // refused
		{"a\u0085b", ""},     // refused
	} {
		for _, end := range []string{",k\n", ",k\r\n", ",k"} {
			f := content(CSV, header+"web-1,sbn-a,"+c.written+end)
			_, faults := check(t, f)
			if len(faults) > 0 {
				if c.want != "" || !strings.HasPrefix(faults[0], "2:13: ") && !strings.HasPrefix(faults[0], "2:14: ") {
					t.Errorf("%q: got %q", c.written, faults)
				}
				continue
			}
			if got := rows(t, f)[0].Item; got.Request.Description != c.want || got.Key != "k" {
				t.Errorf("%q: got %q, key %q; want %q", c.written, got.Request.Description, got.Key, c.want)
			}
		}
	}
}

// A carriage return that is no part of a line end is never dropped.
func TestCSVCarriageReturnAtTheEnd(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"\r\r\n", "\r", "\r\r"} {
		_, faults := check(t, content(CSV, "name,subnetId,description\nweb-1,sbn-a,a"+end))
		if len(faults) != 1 || !strings.HasPrefix(faults[0], "2:13: description ") {
			t.Errorf("%q: got %q", end, faults)
		}
	}
}

// Lines that were read for an open quote are read again as they are.
func TestCSVReadAgainKeepsLineEnds(t *testing.T) {
	t.Parallel()
	_, faults := check(t, content(CSV, "name,subnetId,key\r\n\"web-0,sbn-a,k0\r\nweb-1,sbn-a,\"x\r\n\r\ny\"\r\nweb-2,sbn-a,\"a\nb\"\r\n"))
	want := []string{
		`2:1: has a quote that is not closed; close it, and write a quote inside a field as ""`,
		`3:13: key "x\r\n\r\ny": has U+000D (carriage return) as character 2; remove it`,
		`6:13: key "a\nb": has U+000A (line feed) as character 2; remove it`,
	}
	if diff := cmp.Diff(want, faults); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

// Long quoted fields are bounded, and what was read for one is read again row by row.
func TestCSVOpenQuoteIsBounded(t *testing.T) {
	t.Parallel()
	const n = 30_000 // rows of 14 bytes: several times maxQuoted
	text := "name,subnetId\n\"web-0,sbn-a\n" + strings.Repeat("1,sbn-abcdefg\n", n)
	f := content(CSV, text)
	report, faults := check(t, f)
	if report.Rows != n+1 || report.FaultCount != n+1 {
		t.Errorf("got %d rows and %d faults, want %d of each", report.Rows, report.FaultCount, n+1)
	}
	want := `2:1: has a quote that is not closed; close it, and write a quote inside a field as ""`
	if faults[0] != want {
		t.Errorf("got %q, want %q", faults[0], want)
	}
	if faults[MaxFaults-1] != `51:1: name "1": must start with a letter or a Chinese character` {
		t.Errorf("got %q as the last fault kept", faults[MaxFaults-1])
	}
}

// A row whose every line leaves a quote open must not make reading quadratic: each byte is
// read at most a few times.
func TestCSVStrayQuotesReadEachLineOnce(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"x\",\"", ",\"", "\"\"\"", "\"x", "\",\",\""} {
		text := strings.Repeat(line+"\n", 3*maxQuoted/len(line))
		entries := newCSVEntries(strings.NewReader(text))
		read := 0
		for read <= 3*len(text) {
			entries.row = entries.row[:0] // and of a row of several lines, all that was read
			e, err := entries.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			read += max(len(e.text), len(entries.row)) + 1
		}
		if read < len(text) || read > 3*len(text) {
			t.Errorf("%q: %d bytes were read of a file of %d", line, read, len(text))
		}
		report, faults := check(t, content(CSV, "name,subnetId\n"+text[:maxQuoted]))
		if report.FaultCount == 0 || len(faults) != MaxFaults {
			t.Errorf("%q: got %d faults, %d kept", line, report.FaultCount, len(faults))
		}
	}
}

// However long a quote stays open, no more than its bound is kept; and what was kept is read
// again whole, together with what lies behind it.
func TestCSVEntriesKeepLittle(t *testing.T) {
	t.Parallel()
	const n = 100_000
	entries := newCSVEntries(strings.NewReader("\"a\n" + strings.Repeat("1,sbn-abcdefg\n", n)))
	for line := 1; line <= n+1; line++ {
		e, err := entries.next()
		if err != nil || e.line != line || (e.rule != "") != (line == 1) {
			t.Fatalf("row %d: got line %d, rule %q, error %v", line, e.line, e.rule, err)
		}
		if size := cap(entries.row) + cap(entries.again); size > 4*maxQuoted {
			t.Fatalf("row %d: %d bytes are kept", line, size)
		}
	}
}

// A row that encoding/csv refuses must leave nothing behind for the rows after it.
func TestFieldParserForgetsAFaultyRow(t *testing.T) {
	t.Parallel()
	p := fieldParser{separator: ','}
	for _, row := range []string{`a"b`, "\"a\nb", "a\nb", "", `"a"b`} {
		if values, err := p.parse([]byte(row)); err == nil {
			t.Errorf("%q: got %q", row, values)
		}
		values, err := p.parse([]byte("c,d"))
		if diff := cmp.Diff([]string{"c", "d"}, values); err != nil || diff != "" {
			t.Errorf("behind %q: %v, values (-want +got):\n%s", row, err, diff)
		}
	}
}
