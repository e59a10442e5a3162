package manifest

// maxEntry bounds a YAML item, in bytes. It is far below the other formats' bound because
// the parser keeps a whole tree of it. A sound item has 5 KiB at most, or twice that with its text in escapes.
const maxEntry = 16 << 10

// yamlEntry gathers the lines of one entry, without the comments between it and the next: those need not
// fit. A comment with more of the entry behind it stays, for inside quotes it is text.
type yamlEntry struct {
	lines []byte
	// entry is how much of lines belongs to the entry for certain; what is behind it may be comments.
	entry int
	// between says that a comment stood where one between entries does, and nothing but comments since.
	between bool
	// cut says that a line did not fit, overlong that one of the entry did not.
	cut, overlong bool
}

// begin starts an entry with its first line.
func (e *yamlEntry) begin(line yamlLine) {
	*e = yamlEntry{lines: append(e.lines[:0], line...), entry: len(line), overlong: len(line) > maxEntry}
}

// add takes the next line. Outside says that it is a comment indented no deeper than the list.
func (e *yamlEntry) add(line yamlLine, outside bool) {
	if len(e.lines)+len(line) < maxEntry {
		e.lines = append(append(e.lines, '\n'), line...)
	} else {
		e.cut = true
	}
	if e.between = line.empty() && (e.between || outside); !e.between {
		e.entry = len(e.lines)
		e.overlong = e.overlong || e.cut
	}
}

// text is the entry's text, good until the next begin; one that is not whole was longer than maxEntry.
func (e *yamlEntry) text() (text []byte, whole bool) { return e.lines[:e.entry], !e.overlong }
