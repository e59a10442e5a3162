package manifest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"
)

// Likely encodings of a file that is not UTF-8, and how to convert it. The advice is given only if it fits the whole
// file.
const (
	ruleGB18030     = "is not UTF-8 text; the file looks like Chinese text in GB18030 (or GBK, which is part of it); convert it: iconv -f GB18030 -t UTF-8 FILE > NEWFILE"
	ruleWindows1252 = "is not UTF-8 text; the file looks like Western European text in Windows-1252 (or Latin-1); convert it: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEWFILE"
	ruleUnknown     = "is not UTF-8 text; save it as UTF-8 in the program that wrote it"
	ruleCutOff      = "ends inside a character; the file seems to be truncated: get the whole file"
)

// encodings collects evidence for a file's encoding.
type encodings struct {
	// foreign counts the bytes that are not UTF-8, and first is the first; characters counts non-ASCII UTF-8 characters.
	foreign, characters int
	first               byte
	// adjacent counts foreign bytes that follow another: many in a non-Latin script, few in Latin letters.
	adjacent int
	after    bool
	// windows1252 reports that every byte is defined in Windows-1252.
	windows1252 bool
	// cut reports that the only fault is an incomplete character at the end.
	cut bool
	gb  gb18030
}

// ruleOfEncoding reads the whole content, which is not UTF-8, and returns the rule for its likely encoding.
func ruleOfEncoding(content io.Reader) (string, error) {
	e := encodings{windows1252: true}
	r := bufio.NewReaderSize(content, blockSize)
	for {
		head, err := r.Peek(utf8.UTFMax)
		if len(head) == 0 {
			if !errors.Is(err, io.EOF) {
				return "", err
			}
			return e.rule(), nil
		}
		size := e.add(head)
		if _, err := r.Discard(size); err != nil {
			return "", err
		}
	}
}

// add counts the first character of text and returns its length.
func (e *encodings) add(text []byte) int {
	r, size := utf8.DecodeRune(text)
	for _, b := range text[:size] {
		e.gb.add(b)
		e.windows1252 = e.windows1252 && (b < 0x80 || windows1252Of(b) != 0)
	}
	foreign := r == utf8.RuneError && size == 1
	if foreign && e.after {
		e.adjacent++
	}
	e.after = foreign
	switch {
	case foreign:
		if e.foreign++; e.foreign == 1 {
			e.first = text[0]
			e.cut = !utf8.FullRune(text)
		}
	case r >= utf8.RuneSelf:
		e.characters++
	}
	return size
}

func (e *encodings) rule() string {
	switch {
	case e.gb.likely():
		return ruleGB18030
	case e.cut:
		return ruleCutOff
	case e.characters == 0 && e.windows1252 && e.adjacent*3 < e.foreign:
		return ruleWindows1252
	case e.characters == 0:
		return ruleUnknown
	}
	return e.mixed()
}

// mixed returns the rule for a file that is UTF-8 except for some bytes: a conversion would damage the rest.
func (e *encodings) mixed() string {
	what := fmt.Sprintf("one byte (0x%02X) is not UTF-8, but the rest of the file is", e.first)
	if e.foreign > 1 {
		what = fmt.Sprintf("%d bytes are not UTF-8, but the rest of the file is; the first is 0x%02X", e.foreign, e.first)
	}
	if r := windows1252Of(e.first); unicode.IsPrint(r) {
		what += fmt.Sprintf(" (looks like %q in Latin-1)", r)
	}
	if e.foreign > 1 {
		return what + "; write these characters again and save the file as UTF-8"
	}
	return what + "; write this character again and save the file as UTF-8"
}

// windows1252Of returns the character of a byte from 0x80 up in Windows-1252, which is Latin-1 from 0xA0 up; 0 if
// undefined.
func windows1252Of(b byte) rune {
	if b >= 0xA0 {
		return rune(b)
	}
	return [...]rune{
		'€', 0, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0, 'Ž', 0,
		0, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0, 'ž', 'Ÿ',
	}[b-0x80]
}

// gb18030 reads bytes as GB18030 (GB 18030-2022, 4.2): one byte below 0x80, or two, or four.
type gb18030 struct {
	// pending are the bytes of the character so far.
	pending []byte
	invalid bool
	// pairs counts the characters of two bytes, common those also in GB 2312: nearly all Chinese text. UTF-8 read as
	// GB18030 has few of them.
	pairs, common int
}

func (g *gb18030) add(b byte) {
	if len(g.pending) == 0 && b < 0x80 {
		return
	}
	g.pending = append(g.pending, b)
	lead := 0x81 <= b && b <= 0xFE
	switch n := len(g.pending); {
	case n == 1 && lead, n == 2 && '0' <= b && b <= '9', n == 3 && lead:
		return
	case n == 2 && 0x40 <= b && b <= 0xFE && b != 0x7F:
		g.pairs++
		if first := g.pending[0]; b >= 0xA1 && (0xB0 <= first && first <= 0xF7 || 0xA1 <= first && first <= 0xA3) {
			g.common++
		}
	case n == 4 && '0' <= b && b <= '9':
	default:
		g.invalid = true
	}
	g.pending = g.pending[:0]
}

// likely reports whether all bytes are GB18030, perhaps truncated, and most of the characters are common ones.
func (g *gb18030) likely() bool {
	return !g.invalid && g.pairs > 0 && g.common*10 >= g.pairs*9
}
