package render

import (
	"io"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"
)

// tableSample is how many rows decide the widths of the columns. A later cell that is wider puts its row
// out of line; it is not cut, for a key or an ID that is cut is of no use.
const tableSample = 500

const (
	// columnGap separates columns.
	columnGap = "  "
	// belowIndent begins the lines of a row that stand below it, and minBelow is how wide they are at
	// least, however narrow the terminal.
	belowIndent = "    "
	minBelow    = 20
)

// Grid writes aligned text columns that fit a terminal. Characters are counted in cells, of
// which a Chinese character takes two.
//
// One column, the flexible one, tells the most: why, or what. Where the terminal is too narrow for it,
// dispensable columns are left out; where that does not suffice, its text goes onto lines of its own
// below the row. It is never cut.
type Grid struct {
	w        io.Writer
	width    int
	flexible int
	// dispensable are columns that a narrow terminal may do without, the first to go first, and folded
	// those that then go onto the lines below, before the flexible column's text.
	dispensable, folded []int
	head                []string
	// minimum are widths below which no column goes for want of a wider row in the sample.
	minimum []int
	sample  []gridRow
	widths  []int
}

// gridRow is a buffered row, with the lines below it.
type gridRow struct {
	cells []string
	// colors are those of the cells; nil for none.
	colors []Color
	notes  string
}

// NewGrid returns a grid with the given head. Width is the terminal's, 0 for no limit. Flexible is the index of
// the flexible column, -1 for none. A head of empty cells is not written.
func NewGrid(w io.Writer, width, flexible int, head ...string) *Grid {
	return &Grid{w: w, width: width, flexible: flexible, head: head}
}

// Dispensable names columns that a narrow terminal may do without, the first to go first.
func (g *Grid) Dispensable(columns ...int) *Grid {
	g.dispensable = columns
	return g
}

// Folded names columns that go onto the lines below a row when they have no place in it, the first to go
// first.
func (g *Grid) Folded(columns ...int) *Grid {
	g.folded = columns
	return g
}

// Minimum gives the first columns a width each, in cells, for rows that come after the sample.
func (g *Grid) Minimum(widths ...int) *Grid {
	g.minimum = widths
	return g
}

// Row writes a row of as many cells as the head has.
func (g *Grid) Row(cells ...string) error { return g.row(gridRow{cells: cells}) }

// row writes a row, perhaps with colors, and the lines below it.
func (g *Grid) row(row gridRow) error {
	for i, cell := range row.cells {
		row.cells[i] = Printable(cell)
	}
	if g.widths != nil {
		return g.line(row)
	}
	g.sample = append(g.sample, row)
	if len(g.sample) < tableSample {
		return nil
	}
	return g.start()
}

// Flush writes the buffered rows; the widths of the columns are fixed by then.
func (g *Grid) Flush() error {
	if g.widths != nil || len(g.sample) == 0 {
		return nil
	}
	return g.start()
}

// Close writes the buffered rows.
func (g *Grid) Close() error { return g.Flush() }

// start fixes the widths by the sample and writes it.
func (g *Grid) start() error {
	g.measure()
	g.fit()
	if err := g.writeHead(); err != nil {
		return err
	}
	for _, row := range g.sample {
		if err := g.line(row); err != nil {
			return err
		}
	}
	g.sample = nil
	return nil
}

// measure makes the columns as wide as the sample is.
func (g *Grid) measure() {
	g.widths = make([]int, len(g.head))
	copy(g.widths, g.minimum)
	for _, row := range append(g.sample, gridRow{cells: g.head}) {
		for i, cell := range row.cells {
			g.widths[i] = max(g.widths[i], runewidth.StringWidth(cell))
		}
	}
}

// writeHead writes the head, if there is one. Lines below a row have none.
func (g *Grid) writeHead() error {
	head := slices.Clone(g.head)
	for column := range head {
		if g.widths[column] == hidden && (column == g.flexible || slices.Contains(g.folded, column)) {
			head[column] = ""
		}
	}
	if strings.Join(head, "") == "" {
		return nil
	}
	return g.line(gridRow{cells: head})
}

// hidden is the width of a column that is left out of the row.
const hidden = -1

// fit leaves columns out until the rest is as narrow as the terminal, if there is one and it can be.
func (g *Grid) fit() {
	whole := slices.Clone(g.widths)
	if g.width <= 0 || g.leaveOut(g.dispensable) {
		return
	}
	copy(g.widths, whole)
	if g.flexible >= 0 {
		g.widths[g.flexible] = hidden
	}
	_ = g.leaveOut(append(slices.Clone(g.dispensable), g.folded...)) // what is still too wide runs over
}

// leaveOut leaves columns out, one after the other, and reports whether the rest fits then.
func (g *Grid) leaveOut(columns []int) bool {
	for _, column := range columns {
		if g.total() <= g.width {
			return true
		}
		g.widths[column] = hidden
	}
	return g.total() <= g.width
}

// total is the width of a line.
func (g *Grid) total() int {
	total := -len(columnGap)
	for _, w := range g.widths {
		if w != hidden {
			total += w + len(columnGap)
		}
	}
	return total
}

// line writes a row, and what stands below it.
func (g *Grid) line(row gridRow) error {
	var b strings.Builder
	below, gap := g.below(row.cells), ""
	for i, cell := range row.cells {
		if g.widths[i] == hidden || (i == g.flexible && below != "") {
			continue
		}
		b.WriteString(gap)
		gap = strings.Repeat(" ", max(0, g.widths[i]-runewidth.StringWidth(cell))) + columnGap
		if row.colors != nil {
			cell = row.colors[i].paint(cell)
		}
		b.WriteString(cell)
	}
	_, err := io.WriteString(g.w, strings.TrimRight(b.String(), " ")+"\n"+g.indented(below)+row.notes)
	return err
}

// indented is text as the lines below a row.
func (g *Grid) indented(text string) string {
	var b strings.Builder
	for _, line := range Wrap(text, max(minBelow, g.width-len(belowIndent))) {
		b.WriteString(belowIndent + line + "\n")
	}
	return b.String()
}

// below is the text for the lines below a row: of columns that have no place in it, or of a late row that
// is longer than the terminal.
func (g *Grid) below(cells []string) string {
	if g.width <= 0 || g.flexible < 0 || runewidth.StringWidth(cells[g.flexible]) <= g.widths[g.flexible] {
		return ""
	}
	var texts []string
	for _, column := range g.folded {
		if g.widths[column] == hidden && cells[column] != "" && cells[column] != "-" {
			texts = append(texts, cells[column])
		}
	}
	if cells[g.flexible] != "" {
		texts = append(texts, cells[g.flexible])
	}
	return strings.Join(texts, columnGap)
}
