package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxFaults is how many faults a [Report] keeps. The others are only counted: fifty show the pattern, and a million
// would use too much memory.
const MaxFaults = 50

// maxShown limits a value in a fault, in characters.
const maxShown = 80

// Fault is one fault of a file, with its place.
type Fault struct {
	// File is the file's display name.
	File string
	// Line and Column count from 1; Column counts characters.
	Line, Column int
	// Field is the field's name, or "" if the fault is not one field's.
	Field string
	// Value is the value found, cut to a limited length.
	Value string
	// Rule says what is required, or what is wrong.
	Rule string
}

// String returns the fault on one line, in the format that editors and terminals recognize:
//
//	havips.csv:7:12: subnetId "sbn dk": must be a subnet ID such as sbn-dk8gl9bc
//
// It has only printable characters.
func (f Fault) String() string {
	where := fmt.Sprintf("%s:%d:%d: ", printable(f.File), f.Line, f.Column)
	rule := printable(f.Rule) // a parser's message may quote the file's text
	switch {
	case f.Field != "":
		return fmt.Sprintf("%s%s %q: %s", where, f.Field, f.Value, rule)
	case f.Value != "":
		return fmt.Sprintf("%s%q: %s", where, f.Value, rule)
	}
	return where + rule
}

// Report is the result of a check.
type Report struct {
	// Rows counts all rows, valid or not. For a file without faults, it is the number of items that [File.Rows]
	// yields.
	Rows int
	// Faults are the first [MaxFaults], in the order of the file.
	Faults []Fault
	// FaultCount counts all faults, kept or not.
	FaultCount int
	// Hash is the SHA-256 of the file's bytes in hex, as sha256sum prints it.
	Hash string
}

// add counts a fault and keeps it if there is room.
func (r *Report) add(f Fault) {
	r.FaultCount++
	if len(r.Faults) < MaxFaults {
		r.Faults = append(r.Faults, f)
	}
}

// sort sorts the faults by place; formats that read ahead find some early.
func (r *Report) sort() {
	slices.SortStableFunc(r.Faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// reporter receives the faults of a pass; its owner sets the file's name.
type reporter func(Fault)

// at reports a fault that is not one field's.
func (report reporter) at(p position, rule string) {
	report(Fault{Line: p.line, Column: p.column, Rule: rule})
}

// field reports a fault of one field's value.
func (report reporter) field(p position, c column, value, rule string) {
	report(Fault{Line: p.line, Column: p.column, Field: c.String(), Value: shorten(value), Rule: rule})
}

// shorten cuts a value for messages. It returns a copy, so that the row can be freed.
func shorten(s string) string {
	if len(s) <= maxShown {
		return strings.Clone(s)
	}
	n := 0
	for i := range s {
		if n == maxShown {
			return s[:i] + "…"
		}
		n++
	}
	return strings.Clone(s)
}

// quote returns a shortened value in quotes, safe for a terminal.
func quote(s string) string { return strconv.Quote(shorten(s)) }

// printable returns s, in quotes if it is not safe for a terminal.
func printable(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return s
	}
	return strconv.Quote(s)
}
