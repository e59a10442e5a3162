package manifest

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"
)

// The advice for a file that is not UTF-8 fits all of it: converted as it says, nothing else is damaged.
func TestEncodingAdvice(t *testing.T) {
	t.Parallel()
	const header = "name,subnetId,description\n"
	const utf8Row = "web-1,sbn-a,数据库\n"
	many := strings.Repeat(utf8Row, 20_000) // several blocks
	for _, c := range []struct{ name, text, want string }{
		{"one byte of Latin-1 among UTF-8", header + utf8Row + "web-2,sbn-a,caf\xe9\n", `3:16: one byte (0xE9) is not UTF-8, but the rest of the file is (looks like 'é' in Latin-1); write this character again and save the file as UTF-8`},
		{"far behind", header + "web-2,sbn-a,caf\xe9\n" + many, `2:16: one byte (0xE9) is not UTF-8`},
		{"some bytes of Latin-1 among UTF-8", header + utf8Row + "w\xfcb-2,sbn-a,caf\xe9\n", `3:2: 2 bytes are not UTF-8, but the rest of the file is; the first is 0xFC (looks like 'ü' in Latin-1)`},
		{"a byte that no encoding knows among UTF-8", header + utf8Row + "w\x81b-2,sbn-a,\n", `3:2: one byte (0x81) is not UTF-8, but the rest of the file is; write`},
		{"Latin-1", header + "web-2,sbn-a,caf\xe9\nweb-3,sbn-a,M\xfcller\n", "2:16: " + ruleWindows1252},
		{"Windows-1252", header + "web-2,sbn-a,\x93a\x94 \x80\n", "2:13: " + ruleWindows1252},
		{"GB 2312", header + "web-1,sbn-a,\xc4\xe3\xba\xc3\xa3\xac\xca\xc0\xbd\xe7\n", "2:13: " + ruleGB18030},
		{"GBK with a rare character", header + "web-1,sbn-a,\xd6\xec\xe9F\xbb\xf9\xd6\xec\xbb\xf9\xd6\xec\xbb\xf9\xd6\xec\xbb\xf9\xd6\xec\xbb\xf9\xd6\xec\n", "2:13: " + ruleGB18030},
		{"GB18030 of four bytes", header + "web-1,sbn-a,\xc4\xe3\x95\x32\x82\x36\xba\xc3\n", "2:13: " + ruleGB18030},
		{"GB 2312 that looks like UTF-8 in part", header + "web-1,sbn-a,\xc1\xaa\xcd\xa8\n", "2:13: " + ruleGB18030},
		{"GBK cut off", header + "web-1,sbn-a,\xc4\xe3\xba", "2:13: " + ruleGB18030},
		{"Big5", header + "web-1,sbn-a,\xa7A\xa6n\xa5\x81\n", "2:13: " + ruleUnknown},
		{"Windows-1251", header + "web-1,sbn-a,\xcf\xf0\xe8\xe2\xe5\xf2 \xec\xe8\xf0\n", "2:13: " + ruleUnknown},
		{"UTF-8 cut off", header + utf8Row + "web-2,sbn-a,\xe6\x95", "3:13: " + ruleCutOff},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, faults := check(t, content(CSV, c.text))
			if len(faults) != 1 || !strings.HasPrefix(faults[0], c.want) {
				t.Errorf("got %q, want %q", faults, c.want)
			}
			if c.want != "2:13: "+ruleGB18030 && strings.Contains(faults[0], "GB18030") {
				t.Errorf("got %q, which would damage the file", faults[0])
			}
		})
	}
	broken := errors.New("broken")
	if _, err := ruleOfEncoding(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("a file that cannot be read again: got %v", err)
	}
}
