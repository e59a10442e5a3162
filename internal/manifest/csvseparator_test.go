package manifest

import (
	"strings"
	"testing"
)

// A line before the header declares the separator, and counts as a line.
func TestCSVDeclaredSeparator(t *testing.T) {
	t.Parallel()
	described := func(line int, text string) Row {
		r := web(line, "web-1")
		r.Item.Request.Description = text
		return r
	}
	runGoodCases(t, CSV, []goodCase{
		{"comma", "sep=,\nname,subnetId\nweb-1,sbn-a\n", []Row{web(3, "web-1")}},
		{"semicolon", "sep=;\r\nname;subnetId;description\r\nweb-1;sbn-a;\"a;b\"\r\n", []Row{described(3, "a;b")}},
		{"a comma is an ordinary character", "sep=;\nname;subnetId;description\nweb-1;sbn-a;a, b\n", []Row{described(3, "a, b")}},
		{"a line break in quotes", "sep=;\nname;subnetId;description\n\"web-1\";\"sbn-a\";\"a\n;b\"\nweb-2;sbn-a;\n", []Row{described(3, "a\n;b"), web(5, "web-2")}},
		{"tab", "sep=\t\nname\tsubnetId\nweb-1\tsbn-a\n", []Row{web(3, "web-1")}},
		{"bar", "sep=|\nname|subnetId\nweb-1|sbn-a\n", []Row{web(3, "web-1")}},
		{"capitals", "SEP=;\nname;subnetId\nweb-1;sbn-a\n", []Row{web(3, "web-1")}},
		{"in quotes", "\"sep=,\"\nname,subnetId\nweb-1,sbn-a\n", []Row{web(3, "web-1")}},
		{"byte-order mark", "\uFEFFsep=;\nname;subnetId\nweb-1;sbn-a\n", []Row{web(3, "web-1")}},
		{"put before a byte-order mark", "sep=;\n\uFEFF\"name\";subnetId\nweb-1;sbn-a\n", []Row{web(3, "web-1")}},
		{"empty lines", "\nsep=;\n\nname;subnetId\n\nweb-1;sbn-a\n", []Row{web(6, "web-1")}},
	})
	runFaultCases(t, CSV, []faultCase{
		{"not supported", "sep=:\nname:subnetId\nweb-1:sbn-a\n", 0, []string{`1:1: declares the separator ":"; write sep= and one of , ; | or a tab`}},
		{"none", "sep=\nname,subnetId\n", 0, []string{`1:1: declares the separator ""; write sep= and one of , ; | or a tab`}},
		{"nothing else", "sep=;\n", 0, []string{"1:1: has no items; write one item on each line below the header, such as name,subnetId,privateIpAddress,description"}},
		{"another in the file", "sep=,\nname;subnetId\nweb-1;sbn-a\n", 0, []string{
			"2:1: fields are separated by ';', but the line before declares ','; change it to sep=;",
		}},
		{"another in the header", "sep=;\nname,subnetId\nweb-1;sbn-a\n", 0, []string{
			"2:1: header's fields are separated by ',', those of the first row by ';'; separate both by ';', or both by ',' below the line sep=,",
		}},
		{"another in the rows", "sep=;\nname;subnetId\nweb-1,sbn-a\nweb-2,sbn-a\n", 0, []string{
			"3:1: row's fields are separated by ',', those of the header by ';'; separate both by ';', or both by ',' below the line sep=,",
		}},
		{"too few and too many fields", "sep=;\nname;subnetId;region\nweb-1;sbn-a\nweb-2;sbn-a;bj;\n", 2, []string{
			"3:1: row has 2 fields, the header 3; leave a field empty, but keep its separator",
			"4:16: row has 4 fields, the header 3; put a value that contains ';' in quotes",
		}},
		{"line and column", "sep=;\nname;subnetId\n\"web-1\";sbn\n", 1, []string{
			`3:9: subnetId "sbn": must be a subnet ID such as sbn-dk8gl9bc`,
		}},
	})
}

// A header and rows with different separators are one fault that names both, also if quotes or values have either.
func TestCSVMixedSeparators(t *testing.T) {
	t.Parallel()
	const wrongRow = "2:1: row's fields are separated by ';', those of the header by ','; separate both by ',', or both by ';' below the line sep=;"
	const header = "name,subnetId,description\n"
	for name, rows := range map[string]string{
		"plain":                        "web-1;sbn-a;\nweb-2;sbn-a;\n",
		"quoted":                       "\"web-1\";\"sbn-a\";\"\"\n",
		"a quoted comma":               "web-1;sbn-a;\"a, b\"\n",
		"a quoted semicolon":           "\"web-1\";sbn-a;\"a; b\"\n",
		"as many commas as the header": "web-1;sbn-a;a, b, c\n",
		"more commas than the header":  "web-1;sbn-a;a, b, c, d\n",
		"a quoted line break":          "\"web-1\";\"sbn-a\";\"a\nb\"\n",
		"empty":                        ";;\n",
	} {
		runFaultCases(t, CSV, []faultCase{{name, header + rows, 0, []string{wrongRow}}})
	}
	runFaultCases(t, CSV, []faultCase{
		{"tabs", "name,subnetId\nweb-1\tsbn-a\n", 0, []string{
			"2:1: row's fields are separated by a tab, those of the header by ','; separate both by ',', or both by a tab below the line sep= and a tab",
		}},
		{"in the header", "name;subnetId;description\nweb-1,sbn-a,\"a;b\"\n", 0, []string{
			"1:1: header's fields are separated by ';', those of the first row by ','; separate both by ',', or both by ';' below the line sep=;",
		}},
		{"tabs in a quoted header", "\"name\"\t\"subnetId\"\nweb-1,sbn-a\n", 0, []string{
			"1:1: header's fields are separated by a tab, those of the first row by ','; separate both by ',', or both by a tab below the line sep= and a tab",
		}},
		{"one row among others", header + "web-1,sbn-a,\nweb-2;sbn-a;\nweb-3,sbn,\n", 3, []string{
			strings.Replace(wrongRow, "2:1", "3:1", 1),
			`4:7: subnetId "sbn": must be a subnet ID such as sbn-dk8gl9bc`,
		}},
		{"semicolons in a description", header + "web-1,sbn-a,a;b;c,d\n", 1, []string{
			"2:19: row has 4 fields, the header 3; put a value that contains ',' in quotes",
		}},
		{"a semicolon in a name", header + "web;1,sbn-a,\n", 1, []string{
			`2:1: name "web;1": has ';'; only letters, digits, Chinese characters and - _ / . are allowed`,
		}},
	})
}
