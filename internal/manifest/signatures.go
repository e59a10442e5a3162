package manifest

import "bytes"

// Rules for content whose first bytes show another format than UTF-8 text.
const (
	ruleUTF16   = "is UTF-16 text, not UTF-8; save it as UTF-8, or convert it: iconv -f UTF-16 -t UTF-8 FILE > NEWFILE"
	ruleUTF16LE = "is UTF-16 text without a byte-order mark; save it as UTF-8, or convert it: iconv -f UTF-16LE -t UTF-8 FILE > NEWFILE"
	ruleUTF16BE = "is UTF-16 text without a byte-order mark; save it as UTF-8, or convert it: iconv -f UTF-16BE -t UTF-8 FILE > NEWFILE"
	ruleUTF32   = "is UTF-32 text, not UTF-8; save it as UTF-8, or convert it: iconv -f UTF-32 -t UTF-8 FILE > NEWFILE"
	ruleZIP     = "is a ZIP archive, such as an .xlsx or .ods file, not text; in the spreadsheet, save the sheet as CSV in UTF-8"
	ruleXLS     = "is an old Office file, such as an .xls file, not text; in the spreadsheet, save the sheet as CSV in UTF-8"
	ruleGzip    = "is compressed with gzip; unpack it: gzip -dc FILE > NEWFILE"
)

// signatures are the first bytes of content that is not UTF-8 text.
var signatures = []struct{ prefix, rule string }{
	{"\xFF\xFE\x00\x00", ruleUTF32}, // before UTF-16, whose mark is a prefix
	{"\x00\x00\xFE\xFF", ruleUTF32},
	{"\xFE\xFF", ruleUTF16},
	{"\xFF\xFE", ruleUTF16},
	{"PK\x03\x04", ruleZIP},
	{"\xD0\xCF\x11\xE0", ruleXLS},
	{"\x1F\x8B", ruleGzip},
}

// foreign returns the rule for the first bytes of content, or "".
func foreign(head []byte) string {
	for _, s := range signatures {
		if bytes.HasPrefix(head, []byte(s.prefix)) {
			return s.rule
		}
	}
	return bareUTF16(head)
}

// bareUTF16 detects UTF-16 without a byte-order mark. Every format starts with two ASCII characters, so that the NUL
// bytes show the byte order.
func bareUTF16(head []byte) string {
	if len(head) < 4 {
		return ""
	}
	switch even, odd := head[0] == 0 && head[2] == 0, head[1] == 0 && head[3] == 0; {
	case even && !odd:
		return ruleUTF16BE
	case odd && !even:
		return ruleUTF16LE
	default:
		return ""
	}
}
