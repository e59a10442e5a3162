package tasks

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func goodItem() Item {
	return Item{
		Key: "web-1", Account: "default", Region: "bj",
		Request: Request{Name: "web-1", SubnetID: "sbn-dk8gl9bc"},
	}
}

func TestBody(t *testing.T) {
	t.Parallel()
	tests := []struct {
		request Request
		want    string
	}{
		{
			Request{Name: "havip_test", SubnetID: "sbn-dk8gl9bc", PrivateIPAddress: "192.168.0.1", Description: "desc"},
			`{"name":"havip_test","subnetId":"sbn-dk8gl9bc","privateIpAddress":"192.168.0.1","description":"desc"}`,
		},
		{
			Request{Name: "北京/出口", SubnetID: "sbn-1", Description: `a<b> & "c"`},
			`{"name":"北京/出口","subnetId":"sbn-1","privateIpAddress":"","description":"a<b> & \"c\""}`,
		},
		{Request{Name: "n", SubnetID: "sbn-1"}, `{"name":"n","subnetId":"sbn-1","privateIpAddress":""}`},
	}
	for _, test := range tests {
		if got := string(test.request.Body()); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*Item)
		want   []string
	}{
		{"good", func(*Item) {}, nil},
		{"every character that a name may have", func(i *Item) { i.Request.Name = "aZ9-_/.网关" }, nil},
		{"Chinese first", func(i *Item) { i.Request.Name = "网关" }, nil},
		{"65 Chinese characters", func(i *Item) { i.Request.Name = strings.Repeat("网", 65) }, nil},
		{"66 characters", func(i *Item) { i.Request.Name = strings.Repeat("网", 66) }, []string{`name: has 66 characters; at most 65 are allowed`}},
		{"no name", func(i *Item) { i.Request.Name = "" }, []string{"name: is required"}},
		{"digit first", func(i *Item) { i.Request.Name = "1a" }, []string{"name: must start with a letter or a Chinese character"}},
		{"space", func(i *Item) { i.Request.Name = "a b" }, []string{"name: has ' '; only letters, digits, Chinese characters and - _ / . are allowed"}},
		{"Cyrillic", func(i *Item) { i.Request.Name = "aд" }, []string{"name: has 'д'; only letters, digits, Chinese characters and - _ / . are allowed"}},
		{"bytes of no text", func(i *Item) { i.Request.Name = "a\xff" }, []string{"name: must be UTF-8 text"}},
		{"no subnet", func(i *Item) { i.Request.SubnetID = "" }, []string{"subnetId: is required"}},
		{"a VPC", func(i *Item) { i.Request.SubnetID = "vpc-1" }, []string{"subnetId: must be a subnet ID such as sbn-dk8gl9bc"}},
		{"an address", func(i *Item) { i.Request.PrivateIPAddress = "192.168.0.1" }, nil},
		{"IPv6", func(i *Item) { i.Request.PrivateIPAddress = "fe80::1" }, []string{"privateIpAddress: must be an IPv4 address such as 192.168.0.10, or empty for automatic"}},
		{"this network", func(i *Item) { i.Request.PrivateIPAddress = "0.0.0.0" }, []string{`privateIpAddress: is in no subnet: 0.0.0.0/8 is for "this network"; choose another, or leave it empty for automatic`}},
		{"loopback", func(i *Item) { i.Request.PrivateIPAddress = "127.255.0.1" }, []string{"privateIpAddress: is in no subnet: 127.0.0.0/8 is for loopback; choose another, or leave it empty for automatic"}},
		{"link-local", func(i *Item) { i.Request.PrivateIPAddress = "169.254.0.0" }, []string{"privateIpAddress: is in no subnet: 169.254.0.0/16 is for link-local addresses; choose another, or leave it empty for automatic"}},
		{"multicast", func(i *Item) { i.Request.PrivateIPAddress = "224.0.0.0" }, []string{"privateIpAddress: is in no subnet: 224.0.0.0/3 is for multicast, future use and broadcast; choose another, or leave it empty for automatic"}},
		{"broadcast", func(i *Item) { i.Request.PrivateIPAddress = "255.255.255.255" }, []string{"privateIpAddress: is in no subnet: 224.0.0.0/3 is for multicast, future use and broadcast; choose another, or leave it empty for automatic"}},
		{"neighbors of those", func(i *Item) { i.Request.PrivateIPAddress = "223.255.255.255" }, nil},
		{"link-local's neighbor", func(i *Item) { i.Request.PrivateIPAddress = "169.253.255.255" }, nil},
		{"shared address space, which BCE may have in a VPC", func(i *Item) { i.Request.PrivateIPAddress = "100.64.0.1" }, nil},
		{"leading zero", func(i *Item) { i.Request.PrivateIPAddress = "192.168.0.01" }, []string{"privateIpAddress: must be an IPv4 address such as 192.168.0.10, or empty for automatic"}},
		{"CIDR", func(i *Item) { i.Request.PrivateIPAddress = "10.0.0.0/8" }, []string{"privateIpAddress: must be an IPv4 address such as 192.168.0.10, or empty for automatic"}},
		{"key of two lines", func(i *Item) { i.Key = "a\nb" }, []string{"key: has U+000A (line feed) as character 2; remove it"}},
		{"key with a space outside", func(i *Item) { i.Key = " a" }, []string{"key: must not start or end with space"}},
		{"description of two lines", func(i *Item) { i.Request.Description = "a\n\tb" }, nil},
		{"description with line ends of Windows", func(i *Item) { i.Request.Description = "a\r\nb\r\n" }, nil},
		{"description with a carriage return alone", func(i *Item) { i.Request.Description = "a\rb" }, []string{"description: has U+000D (carriage return) as character 2; remove it"}},
		{"description that acts on a terminal", func(i *Item) { i.Request.Description = "a\x1b[31m" }, []string{"description: has U+001B (escape) as character 2; remove it"}},
		{"own token", func(i *Item) { i.ClientToken = strings.Repeat("x", 64) }, nil},
		{"own token too long", func(i *Item) { i.ClientToken = strings.Repeat("x", 65) }, []string{"clientToken: has 65 bytes; at most 64 ASCII characters are allowed"}},
		{"own token not ASCII", func(i *Item) { i.ClientToken = "é" }, []string{"clientToken: must be printable ASCII without spaces"}},
		{"a derived token", func(i *Item) { i.ClientToken = ClientToken("b", "k", 1) }, []string{"clientToken: must not start with havip1-, which marks derived tokens"}},
		{"account with a dot", func(i *Item) { i.Account = "a.b" }, []string{"account: must be at most 64 letters, digits, - or _"}},
		{"several at once", func(i *Item) { i.Request, i.Region = Request{}, "b j" }, []string{
			"name: is required", "subnetId: is required", "region: must be at most 64 letters, digits, - or _",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			item := goodItem()
			test.change(&item)
			var got []string
			for _, fault := range item.Validate() {
				got = append(got, fault.Field+": "+fault.Rule)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A character that text does not show is named with its place in the value, in each field that refuses it.
func TestInvisibleCharacters(t *testing.T) {
	t.Parallel()
	fields := map[string]func(*Item) *string{
		"key":              func(i *Item) *string { return &i.Key },
		"name":             func(i *Item) *string { return &i.Request.Name },
		"subnetId":         func(i *Item) *string { return &i.Request.SubnetID },
		"privateIpAddress": func(i *Item) *string { return &i.Request.PrivateIPAddress },
		"account":          func(i *Item) *string { return &i.Account },
		"region":           func(i *Item) *string { return &i.Region },
		"clientToken":      func(i *Item) *string { return &i.ClientToken },
	}
	for r, named := range map[rune]string{
		0x00: "U+0000 (NUL)", 0x07: "U+0007 (control character)", '\t': "U+0009 (tab)", 0x9F: "U+009F (control character)",
		0xA0: "U+00A0 (no-break space)", 0x200B: "U+200B (zero width space)", 0x2009: "U+2009 (a kind of space)",
		0x202E: "U+202E (invisible character that changes the direction of text)", 0x2066: "U+2066 (invisible character that changes the direction of text)",
		0x3000: "U+3000 (ideographic space)", 0xFEFF: "U+FEFF (zero width no-break space, or byte-order mark)",
		0xE0041: "U+E0041 (invisible character)", 0xE000: "U+E000 (private-use character)", 0x0378: "U+0378 (unassigned character)",
	} {
		for field, value := range fields {
			item := goodItem()
			*value(&item) = "网1" + string(r) + "0"
			want := FieldError{field, *value(&item), "has " + named + " as character 3; remove it"}
			if diff := cmp.Diff([]FieldError{want}, item.Validate()); diff != "" {
				t.Errorf("%s: %s", named, diff)
			}
		}
	}
	item := goodItem()
	if item.Request.Description = "\u202ea\u200b\u00a0\r\n\tb"; item.Validate() != nil {
		t.Errorf("description: got %v", item.Validate())
	}
	item.Request.Description += "\x07"
	if got := item.Validate(); len(got) != 1 || got[0].Rule != "has U+0007 (control character) as character 9; remove it" {
		t.Errorf("description: got %v", got)
	}
}

func TestDefaultsLowerTheRegion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ own, standard, want string }{{"BJ", "gz", "bj"}, {"", "GZ", "gz"}, {"", "", ""}} {
		if got := (Item{Region: c.own}).WithDefaults(c.standard).Region; got != c.want {
			t.Errorf("%q, %q: got %q, want %q", c.own, c.standard, got, c.want)
		}
	}
}

func TestValidateBatch(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"havips": "", "spring 2026 (1)": "", "北京": "", "a/b": "",
		"": "is required", "a{b": "must not contain { or }", "}": "must not contain { or }",
		"a\x1b[31m": "has U+001B (escape) as character 2; remove it",
	} {
		if got := ValidateBatch(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}
