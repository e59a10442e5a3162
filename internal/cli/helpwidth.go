package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"

	"havip/internal/render"
)

// fitHelp wraps help to the terminal's width. Manual pages, pipes and tests have no width.
func fitHelp(root *cobra.Command) {
	help := root.HelpFunc()
	root.SetHelpFunc(func(c *cobra.Command, args []string) {
		if width := TerminalWidth(c.OutOrStdout(), 0); width > 0 {
			c.Long = fit(c.Long, width)
			c.SetUsageTemplate(strings.ReplaceAll(c.UsageTemplate(), ".FlagUsages ", fmt.Sprintf(".FlagUsagesWrapped %d ", width)))
		}
		help(c, args)
	})
}

// fit wraps the passages of a text that are wider than width cells, and leaves the others unchanged.
func fit(text string, width int) string {
	var fitted []string
	for _, p := range passagesOf(text) {
		fitted = append(fitted, p.fit(width)...)
	}
	return strings.Join(fitted, "\n")
}

// passage is a paragraph, or an entry of a list with its description.
type passage struct {
	lines []string
	// hang is the column of its text and of continuation lines. alone marks a line that must not be wrapped or
	// continued, such as a command to copy.
	hang int
}

const alone = -1

func passagesOf(text string) []passage {
	var passages []passage
	for line := range strings.SplitSeq(text, "\n") {
		if n := len(passages); n > 0 && passages[n-1].takes(line) {
			passages[n-1].lines = append(passages[n-1].lines, line)
			continue
		}
		passages = append(passages, passage{[]string{line}, hangOf(line)})
	}
	return passages
}

// takes reports whether a line continues the passage. In prose, a line that ends with a sentence ends the passage as
// well, because a list may follow.
func (p passage) takes(line string) bool {
	last := p.lines[len(p.lines)-1]
	if p.hang == 0 && (strings.HasSuffix(last, ".") || strings.HasSuffix(last, ":")) {
		return false
	}
	return p.hang != alone && line != "" && indentOf(line) == p.hang
}

func (p passage) fit(width int) []string {
	tooWide := func(line string) bool { return runewidth.StringWidth(line) > width }
	if p.hang == alone || !slices.ContainsFunc(p.lines, tooWide) {
		return p.lines
	}
	const narrowest = 20
	text := strings.Join(p.lines, " ")[p.hang:]
	lines := render.Wrap(text, max(narrowest, width-p.hang))
	for i := range lines {
		lines[i] = strings.Repeat(" ", p.hang) + lines[i]
	}
	lines[0] = p.lines[0][:p.hang] + lines[0][p.hang:]
	return lines
}

// hangOf returns the column of a line's text: its start in prose, or after the word and the gap in a list entry.
func hangOf(line string) int {
	indent := indentOf(line)
	if indent == 0 && line != "" {
		return 0
	}
	word, text, found := strings.Cut(line[indent:], "  ")
	if text = strings.TrimLeft(text, " "); !found || word == "" || text == "" {
		return alone
	}
	return len(line) - len(text)
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
