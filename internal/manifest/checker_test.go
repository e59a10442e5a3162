package manifest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDuplicates(t *testing.T) {
	t.Parallel()
	runFaultCases(t, CSV, []faultCase{
		{"keys", "key,name,subnetId\nk,web-1,sbn-a\n,k,sbn-a\nk,web-2,sbn-a\n", 3, []string{
			`3:2: key "k": same key as line 2; the key defaults to the name`,
			`4:1: key "k": same key as line 2`,
		}},
		{"addresses, in one subnet only", "name,subnetId,privateIpAddress\na,sbn-a,10.0.0.1\nb,sbn-b,10.0.0.1\nc,sbn-a,10.0.0.1\nd,sbn-a,\ne,sbn-a,\n", 5, []string{
			`4:9: privateIpAddress "10.0.0.1": same address in the same subnet as line 2`,
		}},
		{"tokens", "name,subnetId,clientToken\na,sbn-a,t\nb,sbn-a,t\nc,sbn-a,T\nd,sbn-a,\ne,sbn-a,\n", 5, []string{
			`3:9: clientToken "t": same clientToken as line 2`,
		}},
		{"faulty values are one fault", "name,subnetId,privateIpAddress\n1,sbn-a,10.0.0\n1,sbn-a,10.0.0\n", 2, []string{
			`2:1: name "1": must start with a letter or a Chinese character`,
			`2:9: privateIpAddress "10.0.0": must be an IPv4 address such as 192.168.0.10, or empty for automatic`,
			`3:1: name "1": must start with a letter or a Chinese character`,
			`3:9: privateIpAddress "10.0.0": must be an IPv4 address such as 192.168.0.10, or empty for automatic`,
		}},
		{"faulty tokens are one fault", "name,subnetId,clientToken\na,sbn-a,t t\nb,sbn-a,t t\n", 2, []string{
			`2:9: clientToken "t t": must be printable ASCII without spaces`,
			`3:9: clientToken "t t": must be printable ASCII without spaces`,
		}},
		{"rows with other faults count", "name,subnetId\na,sbn\na,sbn-a\n", 2, []string{
			`2:3: subnetId "sbn": must be a subnet ID such as sbn-dk8gl9bc`,
			`3:1: key "a": same key as line 2; the key defaults to the name`,
		}},
	})
}

func TestKeyFromName(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("𠀀", 65) // sound as a name; 260 bytes, too long as a key
	runFaultCases(t, CSV, []faultCase{
		{"one problem, one fault", "name,subnetId\n 1,sbn-a\n", 1, []string{
			`2:1: name " 1": must start with a letter or a Chinese character`,
		}},
		{"a problem of the key alone", "subnetId,name\nsbn-a," + long + "\n", 1, []string{
			`2:7: key "` + long + `": has 260 bytes; at most 256 are allowed`,
		}},
		{"a key of its own", "key,name,subnetId\nk ,1,sbn-a\n", 1, []string{
			`2:1: key "k ": must not start or end with space`,
			`2:4: name "1": must start with a letter or a Chinese character`,
		}},
	})
	runFaultCases(t, NDJSON, []faultCase{
		{"a name that is no text", `{"name":1,"subnetId":"sbn-a"}`, 1, []string{`1:9: name "1": must be a string in quotes; found a number`}},
		{"a key that is no text", `{"key":1,"name":"a","subnetId":"sbn-a"}`, 1, []string{`1:8: key "1": must be a string in quotes; found a number`}},
	})
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	f := content(CSV, "name,subnetId,region\na,sbn-a,\nb,sbn-a,gz\n")
	f.region = ""
	_, faults := check(t, f)
	want := `2:9: region "": is required; give the row a region, or pass --region`
	if len(faults) != 1 || faults[0] != want {
		t.Errorf("without a default region: got %q, want only %q", faults, want)
	}

	f.region = "su"
	check(t, f)
	all := rows(t, f)
	if all[0].Item.Region != "su" || all[1].Item.Region != "gz" || all[0].Item.Account != "default" {
		t.Errorf("got %+v", all)
	}
}

// A region is one to BCE whatever its case; one that is not known is likely misspelled.
func TestRegions(t *testing.T) {
	t.Parallel()
	const known = "The regions are: bj, bd, gz, su, hkg, fwh, cd, sin, fsh; to use it anyway, pass --allow-unknown-region"
	f := content(CSV, "name,subnetId,region\na,sbn-a,BJ\nb,sbn-a,\nc,sbn-a,Hkg\n")
	f.region = "GZ"
	_, faults := check(t, f)
	if len(faults) > 0 {
		t.Fatalf("faults: %q", faults)
	}
	for i, want := range []string{"bj", "gz", "hkg"} {
		if got := rows(t, f)[i].Item.Region; got != want {
			t.Errorf("row %d: got %q, want %q", i, got, want)
		}
	}

	text := "name,subnetId,region\na,sbn-a,bjj\nb,sbn-a,\nc,sbn-a,mars\n"
	f = content(CSV, text)
	f.region = "Gzz"
	_, faults = check(t, f)
	if diff := cmp.Diff([]string{
		`2:9: region "bjj": is not a known region; did you mean bj? ` + known,
		`3:9: region "gzz": is not a known region; did you mean gz? ` + known,
		`4:9: region "mars": is not a known region; t` + known[1:],
	}, faults); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	f.anyRegion = true
	if _, faults = check(t, f); len(faults) > 0 {
		t.Errorf("any region: got %q", faults)
	}
	allowed := open(t, write(t, "havips.csv", text), Options{AllowUnknownRegion: true})
	if _, faults = check(t, allowed); len(faults) > 0 {
		t.Errorf("the option: got %q", faults)
	}
}

// Each row of an address that can be in no subnet is a fault with its place.
func TestAddressesInNoSubnet(t *testing.T) {
	t.Parallel()
	report, faults := check(t, content(CSV, "name,subnetId,privateIpAddress\na,sbn-a,0.0.0.0\nb,sbn-a,255.255.255.255\nc,sbn-a,127.0.0.1\nd,sbn-a,224.0.0.1\ne,sbn-a,169.254.248.22\n"))
	if report.FaultCount != 5 {
		t.Errorf("got %q", faults)
	}
	for i, fault := range faults {
		if !strings.HasPrefix(fault, fmt.Sprintf("%d:9: privateIpAddress ", i+2)) {
			t.Errorf("got %q", fault)
		}
	}
}

func TestFaultsAreCapped(t *testing.T) {
	t.Parallel()
	report, faults := check(t, content(CSV, "name,subnetId\n"+strings.Repeat("1,sbn-a\n", 10_000)))
	if report.Rows != 10_000 || report.FaultCount != 10_000 || len(faults) != MaxFaults {
		t.Errorf("got %d rows, %d faults, %d of them kept", report.Rows, report.FaultCount, len(faults))
	}
}

// Whatever a file holds, its faults must not reach the terminal as anything but text.
func TestFaultString(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault Fault
		want  string
	}{
		{
			Fault{File: "havips.csv", Line: 7, Column: 12, Field: "subnetId", Value: "sbn dk", Rule: "must be a subnet ID such as sbn-dk8gl9bc"},
			`havips.csv:7:12: subnetId "sbn dk": must be a subnet ID such as sbn-dk8gl9bc`,
		},
		{Fault{File: "a", Line: 1, Column: 1, Field: "name", Rule: "is required"}, `a:1:1: name "": is required`},
		{Fault{File: "a", Line: 1, Column: 1, Value: "x", Rule: "is odd"}, `a:1:1: "x": is odd`},
		{Fault{File: "a", Line: 1, Column: 1, Rule: "is odd"}, `a:1:1: is odd`},
		{
			Fault{File: "a\x1b[31m", Line: 1, Column: 2, Field: "name", Value: "\x1b]0;\u202e", Rule: "has \r in it"},
			`"a\x1b[31m":1:2: name "\x1b]0;\u202e": "has \r in it"`,
		},
	} {
		if got := c.fault.String(); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
	if got := shorten(strings.Repeat("网", 100)); got != strings.Repeat("网", maxShown)+"…" {
		t.Errorf("shorten: got %q", got)
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		want column
	}{
		{"Name", columnName},
		{"naem", columnName},
		{"subnet_id", columnSubnetID},
		{"subnet", columnSubnetID},
		{"SUBNET-ID", columnSubnetID},
		{"private_ip_address", columnPrivateIPAddress},
		{"decription", columnDescription},
		{"client_token", columnClientToken},
		{"acount", columnAccount},
		{"k", noColumn},
		{"zone", noColumn},
		{"", noColumn},
		{strings.Repeat("name", 1000), noColumn},
	} {
		if got := nearest(c.name); got != c.want {
			t.Errorf("nearest(%.40q) = %d, want %d", c.name, got, c.want)
		}
	}
}
