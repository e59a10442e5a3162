package manifest

import "bytes"

// Rules about content that shows by its first bytes what it is instead of UTF-8 text.
const (
	ruleUTF16   = "is UTF-16 text, not UTF-8; save it as UTF-8, or convert it: iconv -f UTF-16 -t UTF-8 FILE > NEWFILE"
	ruleUTF16LE = "is UTF-16 text without a byte-order mark; save it as UTF-8, or convert it: iconv -f UTF-16LE -t UTF-8 FILE > NEWFILE"
	ruleUTF16BE = "is UTF-16 text without a byte-order mark; save it as UTF-8, or convert it: iconv -f UTF-16BE -t UTF-8 FILE > NEWFILE"
	ruleUTF32   = "is UTF-32 text, not UTF-8; save it as UTF-8, or convert it: iconv -f UTF-32 -t UTF-8 FILE > NEWFILE"
	ruleZIP     = "is a ZIP archive, as .xlsx and .ods files are, and no text; in the spreadsheet, save the sheet as CSV in UTF-8"
	ruleXLS     = "is an old Office file, as .xls files are, and no text; in the spreadsheet, save the sheet as CSV in UTF-8"
	ruleGzip    = "is compressed with gzip; unpack it: gzip -dc FILE > NEWFILE"
)

// signatures are how content begins that is no UTF-8 text.
var signatures = []struct{ prefix, rule string }{
	{"\xFF\xFE\x00\x00", ruleUTF32}, // before UTF-16, whose mark begins it
	{"\x00\x00\xFE\xFF", ruleUTF32},
	{"\xFE\xFF", ruleUTF16},
	{"\xFF\xFE", ruleUTF16},
	{"PK\x03\x04", ruleZIP},
	{"\xD0\xCF\x11\xE0", ruleXLS},
	{"\x1F\x8B", ruleGzip},
}

// foreign is the rule that content breaks by how it begins, or "".
func foreign(head []byte) string {
	for _, s := range signatures {
		if bytes.HasPrefix(head, []byte(s.prefix)) {
			return s.rule
		}
	}
	return bareUTF16(head)
}

// bareUTF16 tells UTF-16 without a byte-order mark. Every format begins with two ASCII characters, and
// so the order of the bytes shows in where the NUL bytes are.
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
