package tasks

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Character names a character that text does not show, as "U+200B (zero width space)".
func Character(r rune) string {
	return fmt.Sprintf("U+%04X (%s)", r, characterName(r))
}

// characterName returns the character's name in Unicode if it is common in copied text, and otherwise its kind.
func characterName(r rune) string {
	if name, ok := characterNames[r]; ok {
		return name
	}
	switch {
	case unicode.IsControl(r):
		return "control character"
	case unicode.Is(unicode.Bidi_Control, r):
		return "invisible character that changes the direction of text"
	case unicode.Is(unicode.Cf, r):
		return "invisible character"
	case unicode.IsSpace(r):
		return "a kind of space"
	case unicode.Is(unicode.Co, r):
		return "private-use character"
	}
	return "unassigned character"
}

var characterNames = map[rune]string{
	0x00: "NUL", '\t': "tab", '\n': "line feed", '\r': "carriage return", 0x1B: "escape", 0x7F: "delete",
	0x85: "next line", 0xA0: "no-break space", 0xAD: "soft hyphen", 0x200B: "zero width space",
	0x200C: "zero width non-joiner", 0x200D: "zero width joiner", 0x2028: "line separator", 0x2029: "paragraph separator",
	0x202F: "narrow no-break space", 0x2060: "word joiner", 0x3000: "ideographic space",
	0xFEFF: "zero width no-break space, or byte-order mark",
}

// invisibleRule names the first character of text that is not printable; "" means that there is none.
func invisibleRule(text string) string {
	return characterRule(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// characterRule names the first refused character of text; "" means that there is none.
func characterRule(text string, refused func(rune) bool) string {
	i := strings.IndexFunc(text, refused)
	if i < 0 {
		return ""
	}
	r, _ := utf8.DecodeRuneInString(text[i:])
	return fmt.Sprintf("has %s as character %d; remove it", Character(r), utf8.RuneCountInString(text[:i])+1)
}
