package render

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"havip/internal/words"
)

// Column is a column of a list: tables, CSV, --columns and --sort follow from it. It has one of Text, Number
// and Time.
type Column[R any] struct {
	// Name is that of the field in JSON, if there is one, and Head the heading in tables; "" is the name in capitals.
	Name, Head string
	Text       func(R) string
	Number     func(R) int64
	Time       func(R) time.Time
	// Cell is the text in tables, if it is another than in CSV.
	Cell func(R) string
	// Compare orders texts; nil is by their bytes.
	Compare func(a, b string) int
	// Color is that of the cell on a terminal; nil is none.
	Color func(R) Color
	// Derived says that the column repeats others, so that CSV has it only if it is asked for.
	Derived bool
	// Width is kept for rows that come after the sample, in cells.
	Width int
}

// csvTime is RFC 3339 with a fraction of fixed length, so that times sort as text.
const csvTime = "2006-01-02T15:04:05.000Z07:00"

// record is the text in CSV. Times are in UTC.
func (c Column[R]) record(r R) string {
	switch {
	case c.Number != nil:
		return strconv.FormatInt(c.Number(r), 10)
	case c.Time != nil:
		if c.Time(r).IsZero() {
			return ""
		}
		return c.Time(r).UTC().Format(csvTime)
	default:
		return c.Text(r)
	}
}

// tableTime leaves out the zone, which the heading has.
const tableTime = "2006-01-02 15:04:05"

// cell is the text in tables.
func (c Column[R]) cell(r R, zone *time.Location) string {
	switch {
	case c.Cell != nil:
		return c.Cell(r)
	case c.Number != nil:
		return words.Number(c.Number(r))
	case c.Time != nil:
		return timeCell(c.Time(r), zone)
	default:
		return c.Text(r)
	}
}

func timeCell(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(zone).Format(tableTime)
}

// head is the heading in tables; that of times names their zone.
func (c Column[R]) head(zone *time.Location) string {
	head := cmp.Or(c.Head, strings.ToUpper(c.Name))
	if c.Time != nil && c.Cell == nil {
		return fmt.Sprintf("%s (%s)", head, zone)
	}
	return head
}

func (c Column[R]) compare(a, b R) int {
	switch {
	case c.Number != nil:
		return cmp.Compare(c.Number(a), c.Number(b))
	case c.Time != nil:
		return c.Time(a).Compare(c.Time(b))
	case c.Compare != nil:
		return c.Compare(c.Text(a), c.Text(b))
	default:
		return cmp.Compare(c.Text(a), c.Text(b))
	}
}

// CompareNumbers orders texts that are numbers; what is none comes first.
func CompareNumbers(a, b string) int {
	number := func(text string) float64 {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return math.Inf(-1)
		}
		return n
	}
	return cmp.Compare(number(a), number(b))
}

// Zone is the zone of the times in a table: one for all of them, which is that of now where a place has two a year.
func Zone(place *time.Location, now time.Time) *time.Location {
	_, offset := now.In(place).Zone()
	if offset == 0 {
		return time.UTC
	}
	return time.FixedZone(now.In(place).Format("-07:00"), offset)
}

// Names are the names of the columns, in the order of CSV, and those that repeat others last.
func (l List[R]) Names() []string {
	var names, derived []string
	for _, c := range l.Columns {
		if c.Derived {
			derived = append(derived, c.Name)
		} else {
			names = append(names, c.Name)
		}
	}
	return append(names, derived...)
}

// pick returns the named columns. A name that no column has is a mistake of ours: users' names are checked before.
func (l List[R]) pick(names []string) []Column[R] {
	picked := make([]Column[R], len(names))
	for i, name := range names {
		picked[i] = l.column(name)
	}
	return picked
}

func (l List[R]) column(name string) Column[R] {
	i := slices.IndexFunc(l.Columns, func(c Column[R]) bool { return c.Name == name })
	if i < 0 {
		panic("render: no column " + name)
	}
	return l.Columns[i]
}

// Descending begins the name of a column that --sort takes the greatest first of.
const Descending = "-"

// Order compares records by the named columns, the first one first.
func (l List[R]) Order(names []string) func(a, b R) int {
	return func(a, b R) int {
		for _, name := range names {
			field, descending := strings.CutPrefix(name, Descending)
			if order := l.column(field).compare(a, b); order != 0 {
				if descending {
					return -order
				}
				return order
			}
		}
		return 0
	}
}
