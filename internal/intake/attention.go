package intake

import (
	"fmt"
	"strconv"
	"strings"

	"havip/internal/plan"
	"havip/internal/words"
)

const (
	// MaxAttention limits the distinct reasons that are shown.
	MaxAttention = 50
	// maxRanges limits the line ranges that are shown for one reason.
	maxRanges = 8
)

// Attention groups the rows that need attention by reason, in order of first appearance.
type Attention struct {
	Groups []*Group
	// Rows counts all rows; Unshown counts those whose reason is not among the first [MaxAttention].
	Rows, Unshown int

	byReason map[string]*Group
}

// Group is the rows with one reason.
type Group struct {
	// First is the first of them.
	First plan.Row
	Rows  int

	ranges [][2]int
}

// Add adds a row.
func (a *Attention) Add(r plan.Row) {
	a.Rows++
	g := a.byReason[r.Concern.Why]
	switch {
	case g == nil && len(a.Groups) == MaxAttention:
		a.Unshown++
		return
	case g == nil:
		g = &Group{First: r}
		if a.byReason == nil {
			a.byReason = map[string]*Group{}
		}
		a.Groups, a.byReason[r.Concern.Why] = append(a.Groups, g), g
	}
	g.add(r.Line)
}

func (g *Group) add(line int) {
	g.Rows++
	switch last := len(g.ranges) - 1; {
	case last >= 0 && line == g.ranges[last][1]+1:
		g.ranges[last][1] = line
	case len(g.ranges) < maxRanges:
		g.ranges = append(g.ranges, [2]int{line, line})
	}
}

// Lines returns the line ranges of the rows, such as "2-4, 7", up to maxRanges.
func (g *Group) Lines() string {
	named, texts := 0, make([]string, len(g.ranges))
	for i, r := range g.ranges {
		texts[i] = strconv.Itoa(r[0])
		if r[1] > r[0] {
			texts[i] += fmt.Sprintf("-%d", r[1])
		}
		named += r[1] - r[0] + 1
	}
	text := strings.Join(texts, ", ")
	if more := g.Rows - named; more > 0 {
		text += " and " + words.Number(more) + " more"
	}
	return text
}

// What describes the group: its only row by key, or its number of rows and their lines.
func (g *Group) What() string {
	if g.Rows == 1 {
		return fmt.Sprintf("%q", g.First.Item.Key)
	}
	return fmt.Sprintf("%s (lines %s)", words.Count(g.Rows, "row", "rows"), g.Lines())
}
