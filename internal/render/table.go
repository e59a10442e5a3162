package render

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
)

// tableSample is how many rows decide the widths of the columns. A later cell that is wider puts its row
// out of line; it is not cut, for a key or an ID that is cut is of no use.
const tableSample = 500

// columnGap separates columns.
const columnGap = "  "

// Grid writes aligned text columns that fit a terminal. Characters are counted in cells, of
// which a Chinese character takes two.
type Grid struct {
	w     io.Writer
	width int
	// flexible is the column that is cut first when the terminal is too narrow, and dispensable
	// are those that are left out after that, in this order.
	flexible    int
	dispensable []int
	head        []string
	// least are widths below which no column goes for want of a wider row in the sample.
	least  []int
	sample [][]string
	widths []int
}

// NewGrid returns a grid with the given head. Width is the terminal's, 0 for no limit; the
// flexible column is shortened when a row does not fit it.
func NewGrid(w io.Writer, width, flexible int, head ...string) *Grid {
	return &Grid{w: w, width: width, flexible: flexible, head: head}
}

// Dispensable names columns that a narrow terminal may do without, the first to go first.
func (g *Grid) Dispensable(columns ...int) *Grid {
	g.dispensable = columns
	return g
}

// Least gives the first columns a width each, in cells, for rows that come after the sample.
func (g *Grid) Least(widths ...int) *Grid {
	g.least = widths
	return g
}

// Row writes a row of as many cells as the head has.
func (g *Grid) Row(cells ...string) error {
	for i := range cells {
		cells[i] = Printable(cells[i])
	}
	if g.widths != nil {
		return g.line(cells)
	}
	g.sample = append(g.sample, cells)
	if len(g.sample) < tableSample {
		return nil
	}
	return g.start()
}

// Flush writes what is held back; the widths of the columns are fixed by then.
func (g *Grid) Flush() error {
	if g.widths != nil || len(g.sample) == 0 {
		return nil
	}
	return g.start()
}

// Close writes what is held back.
func (g *Grid) Close() error { return g.Flush() }

// start fixes the widths by the sample and writes it.
func (g *Grid) start() error {
	g.widths = make([]int, len(g.head))
	copy(g.widths, g.least)
	for _, row := range append([][]string{g.head}, g.sample...) {
		for i, cell := range row {
			g.widths[i] = max(g.widths[i], runewidth.StringWidth(cell))
		}
	}
	g.fit()
	if err := g.line(g.head); err != nil {
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

// hidden is the width of a column that is left out.
const hidden = -1

// fit makes the columns as narrow as the terminal, if there is one and they can be.
func (g *Grid) fit() {
	if g.width <= 0 {
		return
	}
	least := runewidth.StringWidth(g.head[g.flexible])
	for _, column := range append([]int{hidden}, g.dispensable...) {
		if column != hidden {
			g.widths[column] = hidden
		}
		excess := g.total() - g.width
		if excess <= 0 {
			return
		}
		g.widths[g.flexible] = max(least, g.widths[g.flexible]-excess)
		if g.total() <= g.width {
			return
		}
	}
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

func (g *Grid) line(cells []string) error {
	var b strings.Builder
	for i, cell := range cells {
		if g.widths[i] == hidden {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(columnGap)
		}
		if i == g.flexible && g.width > 0 && runewidth.StringWidth(cell) > g.widths[i] {
			cell = runewidth.Truncate(cell, g.widths[i], "…")
		}
		b.WriteString(runewidth.FillRight(cell, g.widths[i]))
	}
	_, err := io.WriteString(g.w, strings.TrimRight(b.String(), " ")+"\n")
	return err
}

// Printable returns text with everything that a terminal would act on replaced.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		if unicode.IsSpace(r) {
			return ' '
		}
		return unicode.ReplacementChar
	}, text)
}

// table shows results as people want to see them.
type table struct{ *Grid }

func newTable(w io.Writer, width int) Writer {
	const subnet, attempts, why = 4, 5, 6
	grid := NewGrid(w, width, why, "KEY", "STATE", "HAVIP", "ADDRESS", "SUBNET", "ATTEMPTS", "WHY")
	return table{grid.Dispensable(subnet, attempts)}
}

func (t table) Write(r Result) error {
	why := strings.TrimSpace(r.Code + " " + r.Message)
	if err := t.Row(r.Key, string(r.State), dash(r.HaVIPID), dash(r.PrivateIPAddress), r.SubnetID, strconv.Itoa(r.Attempts), why); err != nil {
		return err
	}
	for _, a := range r.Log {
		answer := strings.TrimSpace(fmt.Sprintf("%s %s %s", status(a.Status), a.Code, a.Message))
		took := strconv.FormatInt(a.DurationMS, 10) + "ms"
		if err := t.Row("  #"+strconv.Itoa(a.Number), a.Class, a.RequestID, a.Worker, a.At.String(), took, answer); err != nil {
			return err
		}
	}
	return nil
}

// status is an HTTP status, or nothing where there was no answer.
func status(code int) string {
	if code == 0 {
		return ""
	}
	return strconv.Itoa(code)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
