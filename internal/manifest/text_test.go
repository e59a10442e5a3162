package manifest

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func textOf(content string) *text {
	return newText(newBlocks(strings.NewReader(content), func() error { return nil }))
}

func TestTextDeliversWhatIsUTF8(t *testing.T) {
	t.Parallel()
	for pad := range 5 { // characters of 2, 3 and 4 bytes, cut in every way by the blocks
		for _, r := range []string{"é", "网", "𠀀"} {
			want := strings.Repeat("x", pad) + strings.Repeat(r, 3*blockSize/len(r)) + "\n"
			if err := iotest.TestReader(textOf(want), []byte(want)); err != nil {
				t.Errorf("%d bytes, then %q: %v", pad, r, err)
			}
		}
	}
}

func TestTextDropsTheByteOrderMarkOnce(t *testing.T) {
	t.Parallel()
	got, err := io.ReadAll(textOf("\uFEFFa\uFEFF"))
	if err != nil || string(got) != "a\uFEFF" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestTextEndsWhereUTF8Ends(t *testing.T) {
	t.Parallel()
	lines := strings.Repeat("网关\n", blockSize)
	for _, c := range []struct {
		name, content, delivered string
		at                       position
		rule                     string
	}{
		{"bad byte", "ab\n网\xffcd", "ab\n网", position{2, 2}, ruleNotUTF8},
		{"bad byte far on", lines + "网\xff", lines + "网", position{blockSize + 1, 2}, ruleNotUTF8},
		{"cut off", "a\n\xe7\xbd", "a\n", position{2, 1}, ruleNotUTF8},
		{"surrogate", "\xed\xa0\x80", "", position{1, 1}, ruleNotUTF8},
		{"NUL", "a\x00", "a", position{1, 2}, ruleNUL},
		{"NUL behind a bad byte", "a\xff\x00", "a", position{1, 2}, ruleNotUTF8},
		{"UTF-16 little-endian", "\xff\xfea\x00", "", position{1, 1}, ruleUTF16},
		{"UTF-16 big-endian", "\xfe\xff\x00a", "", position{1, 1}, ruleUTF16},
		{"UTF-16 little-endian without a mark", "n\x00a\x00", "", position{1, 1}, ruleUTF16LE},
		{"UTF-16 big-endian without a mark", "\x00n\x00a", "", position{1, 1}, ruleUTF16BE},
		{"NUL bytes alone", "\x00\x00\x00\x00", "", position{1, 1}, ruleNUL},
		{"UTF-32 little-endian", "\xff\xfe\x00\x00n\x00\x00\x00", "", position{1, 1}, ruleUTF32},
		{"UTF-32 big-endian", "\x00\x00\xfe\xff\x00\x00\x00n", "", position{1, 1}, ruleUTF32},
		{"ZIP", "PK\x03\x04\x14\x00", "", position{1, 1}, ruleZIP},
		{"XLS", "\xd0\xcf\x11\xe0\xa1\xb1", "", position{1, 1}, ruleXLS},
		{"gzip", "\x1f\x8b\x08\x00", "", position{1, 1}, ruleGzip},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := io.ReadAll(textOf(c.content))
			var encoding *encodingError
			if !errors.As(err, &encoding) {
				t.Fatalf("got error %v", err)
			}
			if string(got) != c.delivered {
				t.Errorf("delivered %d bytes, want %d", len(got), len(c.delivered))
			}
			if encoding.at != c.at || encoding.rule != c.rule {
				t.Errorf("got %v %q, want %v %q", encoding.at, encoding.rule, c.at, c.rule)
			}
		})
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	full := bytes.Repeat([]byte{'x'}, maxLine-1)
	input := "a\r\n\n" + string(full) + "\n" + string(full) + "xx\nb\rc\nlast\r"
	l := newLines(strings.NewReader(input))
	for i, want := range []string{"a", "", string(full), "long", "b\rc", "last\r"} {
		got, err := l.next()
		if want == "long" {
			if !errors.Is(err, errLongLine) {
				t.Errorf("line %d: got %d bytes and error %v", i+1, len(got), err)
			}
		} else if err != nil || string(got) != want {
			t.Errorf("line %d: got %d bytes and error %v, want %d", i+1, len(got), err, len(want))
		}
		if l.number != i+1 {
			t.Errorf("line %d is numbered %d", i+1, l.number)
		}
	}
	if _, err := l.next(); !errors.Is(err, io.EOF) {
		t.Errorf("behind the last line: got %v", err)
	}
	if cap(l.long) > 4*maxLine {
		t.Errorf("a long line made the buffer grow to %d bytes", cap(l.long))
	}
}

func TestLinesDeliverNoPartOfALine(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, n := range []int{1, blockSize + 1, maxLine + 1} {
		input := io.MultiReader(strings.NewReader("a\n"+strings.Repeat("x", n)), iotest.ErrReader(broken))
		l := newLines(input)
		if got, err := l.next(); string(got) != "a" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		if got, err := l.next(); got != nil || !errors.Is(err, broken) {
			t.Errorf("part of a line of %d bytes: got %d bytes, %v", n, len(got), err)
		}
	}
}
