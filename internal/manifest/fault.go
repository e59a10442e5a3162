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

// MaxFaults is how many faults a [Report] keeps. The rest is counted: somebody who mends
// fifty faults by hand has found the pattern, and a million would fill the memory.
const MaxFaults = 50

// maxShown bounds a value inside a fault, in characters.
const maxShown = 80

// Fault is one thing wrong with a file, and where.
type Fault struct {
	// File is the file's display name.
	File string
	// Line and Column count from 1; Column counts characters.
	Line, Column int
	// Field is the contract's name of the field at fault; "" when the fault is not one field's.
	Field string
	// Value is what was found, cut to a bounded length.
	Value string
	// Rule says what is expected, or what is wrong.
	Rule string
}

// String is the fault on one line, in the form that editors and terminals can follow:
//
//	havips.csv:7:12: subnetId "sbn dk": must be a subnet ID such as sbn-dk8gl9bc
//
// It holds printable characters only, whatever the file held.
func (f Fault) String() string {
	where := fmt.Sprintf("%s:%d:%d: ", printable(f.File), f.Line, f.Column)
	rule := printable(f.Rule) // a parser's message may quote the file
	switch {
	case f.Field != "":
		return fmt.Sprintf("%s%s %q: %s", where, f.Field, f.Value, rule)
	case f.Value != "":
		return fmt.Sprintf("%s%q: %s", where, f.Value, rule)
	}
	return where + rule
}

// Report is what a check found.
type Report struct {
	// Rows counts the rows found, sound or not. Of a file without faults it is the number
	// of items that [File.Rows] delivers.
	Rows int
	// Faults are the first [MaxFaults], in the order of the file.
	Faults []Fault
	// FaultCount is the number of all faults, kept or not.
	FaultCount int
	// Hash is the SHA-256 of the file's bytes in hex, as sha256sum prints it.
	Hash string
}

// add counts a fault and keeps it while there is room.
func (r *Report) add(f Fault) {
	r.FaultCount++
	if len(r.Faults) < MaxFaults {
		r.Faults = append(r.Faults, f)
	}
}

// sort puts the faults in the order of the file; formats that look ahead find some early.
func (r *Report) sort() {
	slices.SortStableFunc(r.Faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// reporter receives the faults of a pass; the file's name is filled in by its owner.
type reporter func(Fault)

// at reports a fault of the file's form, one that is no single field's.
func (report reporter) at(p position, rule string) {
	report(Fault{Line: p.line, Column: p.column, Rule: rule})
}

// field reports a fault of one field's value.
func (report reporter) field(p position, c column, value, rule string) {
	report(Fault{Line: p.line, Column: p.column, Field: c.String(), Value: shorten(value), Rule: rule})
}

// shorten bounds a value for showing. The copy lets go of the row the value came from.
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

// quote is a bounded value in quotes, safe for a terminal.
func quote(s string) string { return strconv.Quote(shorten(s)) }

// printable is s itself, or s in quotes when it could upset a terminal.
func printable(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return s
	}
	return strconv.Quote(s)
}
