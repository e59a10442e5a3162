package manifest

// maxEntry limits a YAML item, in bytes. It is far below the other formats' limit, because the parser builds a tree. A valid
// item has at most 5 KiB, or twice that with escapes.
const maxEntry = 16 << 10

// yamlEntry collects the lines of one entry, each with a line break, without the comments between it and the next, which
// do not count for the limit. A comment followed by more of the entry is kept, because in quotes it is text.
type yamlEntry struct {
	lines []byte
	// entry is the length of lines that certainly belongs to the entry; the rest may be comments.
	entry int
	// between reports that there were only comments since one that may be between entries.
	between bool
	// cut reports that a line did not fit, and overlong that it was one of the entry's.
	cut, overlong bool
}

// begin starts an entry.
func (e *yamlEntry) begin(line yamlLine) {
	*e = yamlEntry{lines: append(append(e.lines[:0], line...), '\n'), entry: len(line) + 1, overlong: len(line) > maxEntry}
}

// add adds a line. Outside reports that it is a comment indented no more than the list.
func (e *yamlEntry) add(line yamlLine, outside bool) {
	if len(e.lines)+len(line) <= maxEntry {
		e.lines = append(append(e.lines, line...), '\n')
	} else {
		e.cut = true
	}
	if e.between = line.empty() && (e.between || outside); !e.between {
		e.entry = len(e.lines)
		e.overlong = e.overlong || e.cut
	}
}

// endFile takes the line break from the last line, which has none in the file: it would be a character of block text.
func (e *yamlEntry) endFile() {
	if !e.cut && e.entry == len(e.lines) {
		e.entry--
	}
}

// text returns the entry's text, valid until the next begin, and whether it fits maxEntry.
func (e *yamlEntry) text() (text []byte, whole bool) { return e.lines[:e.entry], !e.overlong }
