package console

import (
	"strconv"
	"strings"
	"time"

	"havip/ledger"
)

const (
	// plotEvents bounds the events that a plot is drawn from.
	plotEvents = 3000
	// plotSteps is how many rates a plot has.
	plotSteps = 60
	// plotWidth and plotHeight are the units of the drawing.
	plotWidth, plotHeight = 600.0, 100.0
)

// plot is a batch's rate over time.
type plot struct {
	// Line and Area are the paths of the drawing.
	Line, Area string
	// Highest is the highest rate, in items a second, From when the plot begins, and Until when it ends.
	Highest     float64
	From, Until time.Time
}

// plotOf draws how many items ended a second, from the moments of the last ends, newest first. whole is true if there were no
// earlier ends. It returns nil for too few of them.
func plotOf(ends []ledger.Millis, now time.Time, running bool) *plot {
	const fewest = 2
	if len(ends) < fewest {
		return nil
	}
	p := &plot{From: ends[len(ends)-1].Time(), Until: ends[0].Time()}
	if running {
		p.Until = now
	}
	span := p.Until.Sub(p.From)
	if span < time.Second {
		return nil
	}
	step := max(span/plotSteps, time.Second)
	rates := make([]float64, int(span/step)+1)
	for _, end := range ends {
		at := min(max(int(end.Time().Sub(p.From)/step), 0), len(rates)-1)
		rates[at] += 1 / step.Seconds()
	}
	for _, rate := range rates {
		p.Highest = max(p.Highest, rate)
	}
	p.draw(rates)
	return p
}

// draw makes the paths: a step for each rate.
func (p *plot) draw(rates []float64) {
	var line strings.Builder
	width := plotWidth / float64(len(rates))
	for i, rate := range rates {
		y := plotHeight * (1 - rate/p.Highest)
		command := "L"
		if i == 0 {
			command = "M"
		}
		line.WriteString(command + number(float64(i)*width) + " " + number(y) + "H" + number(float64(i+1)*width))
	}
	p.Line = line.String()
	p.Area = p.Line + "V" + number(plotHeight) + "H0Z"
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }
