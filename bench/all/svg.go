package main

import (
	"fmt"
	"html"
	"strings"
)

// style makes a plot readable on light and on dark pages; it follows the reader's setting.
const style = `
.page { fill: #ffffff } .panel { fill: #f6f8fa } .grid { stroke: #d0d7de; stroke-width: 1 } .limit { stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 5 3 }
.spread { stroke: #1f2328; stroke-width: 1.5 }
text { fill: #1f2328; font: 13px system-ui, sans-serif } .title { font-weight: 600; font-size: 14px } .note { fill: #59636e; font-size: 12px }
.ours { fill: #0969da } .other { fill: #afb8c1 } .second { fill: #8250df } .othersecond { fill: #818b98 }
.line { fill: none; stroke-width: 2.5 } .a { stroke: #0969da } .b { stroke: #bc4c00 } .c { stroke: #8250df } .fa { fill: #0969da } .fb { fill: #bc4c00 } .fc { fill: #8250df }
@media (prefers-color-scheme: dark) {
.page { fill: #0d1117 } .panel { fill: #161b22 } .grid { stroke: #30363d } .limit { stroke: #ff7b72 } .spread { stroke: #e6edf3 }
text { fill: #e6edf3 } .note { fill: #9198a1 }
.ours { fill: #4493f8 } .other { fill: #59636e } .second { fill: #ab7df8 } .othersecond { fill: #7d8590 }
.a { stroke: #4493f8 } .b { stroke: #f0883e } .c { stroke: #ab7df8 } .fa { fill: #4493f8 } .fb { fill: #f0883e } .fc { fill: #ab7df8 }
}
`

// width is that of every plot.
const width = 760.0

// canvas is a plot in the making; y grows downwards.
type canvas struct{ b strings.Builder }

func (c *canvas) rect(class string, x, y, w, h float64) {
	fmt.Fprintf(&c.b, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`+"\n", class, x, y, max(0, w), h)
}

func (c *canvas) line(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(&c.b, `<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`+"\n", class, x1, y1, x2, y2)
}

func (c *canvas) dot(class string, x, y float64) {
	fmt.Fprintf(&c.b, `<circle class="%s" cx="%.1f" cy="%.1f" r="3.5"/>`+"\n", class, x, y)
}

// text is anchored at its start, middle or end.
func (c *canvas) text(class, anchor string, x, y float64, text string) {
	fmt.Fprintf(&c.b, `<text class="%s" text-anchor="%s" x="%.1f" y="%.1f">%s</text>`+"\n", class, anchor, x, y, html.EscapeString(text))
}

// svg is the finished plot; title and description are for who cannot see it.
func (c *canvas) svg(height float64, title, description string) string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img">`+"\n<title>%s</title>\n<desc>%s</desc>\n<style>%s</style>\n",
		width, height, width, height, html.EscapeString(title), html.EscapeString(description), style) +
		fmt.Sprintf(`<rect class="page" width="%.0f" height="%.0f"/>`, width, height) + "\n" + c.b.String() + "</svg>\n"
}
