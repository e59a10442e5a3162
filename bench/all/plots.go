package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"havip/bench/lab"
)

// The metrics of the programs that plots and tables are made of.
const (
	metricRate     = "items/s"
	metricPossible = "% of what is possible"
	metricTail     = "s after the last create"
	metricWorker   = "worker CPU, µs an item"
	metricStore    = "store CPU, µs an item"
	metricMain     = "store main thread, µs an item"
	metricCommands = "store commands an item"
	metricReads    = "store reads an item"
	metricMemory   = "worker memory, MiB"

	us = "havip"
	// atOnce is the case that says most about costs.
	atOnce = "BCE answers after 0 ms, 64 in flight"
	// waiting is the case in which a worker waits most.
	waiting = "BCE answers after 50 ms, 64 in flight"
)

// The geometry of bars.
const (
	barLeft, barRight = 190.0, 640.0
	barValue          = 740.0 // where a bar's number ends
	barHeight         = 22.0
)

// costCases are the cases of the program cost.
func (r *results) costCases() []string {
	return slices.DeleteFunc(r.cases(metricRate), func(s string) bool { return !strings.HasPrefix(s, "BCE answers after") })
}

// plotRates draws the items a second of every contender, for each case on a scale of its own.
func plotRates(r *results) string {
	var c canvas
	c.text("note", "end", barValue, 26, "items/s")
	y := 10.0
	for _, setting := range r.costCases() {
		y += 30
		c.text("title", "start", 20, y, setting)
		y += 10
		who := r.contenders(setting, metricRate)
		top := possible(r, setting)
		for _, w := range who {
			top = max(top, slices.Max(r.of(setting, w, metricRate)))
		}
		begin := y
		for _, w := range who {
			c.bar(r.of(setting, w, metricRate), top, y, w)
			y += barHeight
		}
		if p := possible(r, setting); p > 0 {
			x := barLeft + p/top*(barRight-barLeft)
			c.line("limit", x, begin, x, y)
			c.text("note", "end", x, begin-4, "possible: "+number(p))
		}
	}
	return c.svg(y+34, "Items a second", "Bars of the median of the rounds, for each contender and case; thin lines reach from the least to the greatest round.")
}

// possible is the items a second that the case's latency allows; 0 without one.
func possible(r *results, setting string) float64 {
	percent := r.median(setting, us, metricPossible)
	if percent == 0 {
		return 0
	}
	return 100 * r.median(setting, us, metricRate) / percent
}

// bar is the median with the spread of the rounds.
func (c *canvas) bar(values []float64, top, y float64, who string) {
	class := "other"
	if who == us {
		class = "ours"
	}
	at := func(v float64) float64 { return barLeft + v/top*(barRight-barLeft) }
	median, low, high := lab.Median(values), slices.Min(values), slices.Max(values)
	middle := y + barHeight/2
	c.text("", "end", barLeft-8, middle+4, who)
	c.rect(class, barLeft, y+3, at(median)-barLeft, barHeight-6)
	c.line("spread", at(low), middle, at(high), middle)
	c.text("", "end", barValue, middle+4, number(median))
}

// plotCost draws the CPU of worker and store for an item.
func plotCost(r *results) string {
	var c canvas
	who := r.contenders(atOnce, metricWorker)
	var top float64
	for _, w := range who {
		top = max(top, r.median(atOnce, w, metricWorker)+r.median(atOnce, w, metricStore))
	}
	c.text("title", "start", 20, 30, "CPU for an item, in µs: worker, then Redis or PostgreSQL")
	y := 44.0
	for _, w := range who {
		worker, store := r.median(atOnce, w, metricWorker), r.median(atOnce, w, metricStore)
		scale := (barRight - barLeft) / top
		first, second := "other", "othersecond"
		if w == us {
			first, second = "ours", "second"
		}
		c.text("", "end", barLeft-8, y+barHeight/2+4, w)
		c.rect(first, barLeft, y+3, worker*scale, barHeight-6)
		c.rect(second, barLeft+worker*scale, y+3, store*scale, barHeight-6)
		label := number(worker)
		if store > 0 {
			label += " + " + number(store)
		}
		c.text("", "end", barValue, y+barHeight/2+4, label)
		y += barHeight
	}
	return c.svg(y+16, "CPU for an item", "Stacked bars: microseconds of the worker's CPU and of the store's, medians, "+atOnce+".")
}

// series is a curve of the growth.
type series struct{ class, title, metric string }

// plotGrowth draws what an item costs by the size of its batch.
func plotGrowth(r *results) string {
	const left, right, top, bottom = 70.0, 470.0, 60.0, 260.0
	cpu := []series{
		{"a", "worker, processing", "processing, worker CPU, µs an item"},
		{"b", "Redis, processing", "processing, Redis CPU, µs an item"},
		{"c", "Redis, apply", "apply, Redis CPU, µs an item"},
	}
	memory := []series{
		{"a", "created item", "Redis memory, bytes for a created item"},
		{"b", "waiting item", "Redis memory, bytes for a waiting item"},
	}
	var c canvas
	c.text("title", "start", 20, 30, "CPU for an item in µs, by items of the batch")
	c.curves(r, cpu, left, right, top, bottom)
	const below = bottom + 80
	c.text("title", "start", 20, below-20, "Redis memory for an item in bytes, by items of the batch")
	c.curves(r, memory, left, right, below+10, below+210)
	return c.svg(below+250, "Growth", "Curves over the number of items of a batch, on a logarithmic axis: microseconds of CPU for an item, and bytes of Redis for an item. Flat is good.")
}

// size reads the number of items of a case of the program growth.
func size(setting string) (n float64) {
	_, _ = fmt.Sscanf(setting, "%f items", &n)
	return n
}

// curves draws curves over the logarithm of the size, from zero.
func (c *canvas) curves(r *results, all []series, left, right, top, bottom float64) {
	cases := r.cases("status, ms")
	if len(cases) < 2 {
		return
	}
	slices.SortFunc(cases, func(a, b string) int { return int(size(a) - size(b)) })
	var highest float64
	for _, s := range all {
		for _, setting := range cases {
			highest = max(highest, r.median(setting, us, s.metric))
		}
	}
	step := niceStep(highest)
	highest = math.Ceil(highest/step) * step
	first, last := math.Log10(size(cases[0])), math.Log10(size(cases[len(cases)-1]))
	x := func(setting string) float64 {
		return left + (math.Log10(size(setting))-first)/(last-first)*(right-left)
	}
	y := func(v float64) float64 { return bottom - v/highest*(bottom-top) }
	for v := 0.0; v <= highest; v += step {
		c.line("grid", left, y(v), right, y(v))
		c.text("note", "end", left-8, y(v)+4, number(v))
	}
	for _, setting := range cases {
		c.text("note", "middle", x(setting), bottom+20, number(size(setting)))
	}
	for i, s := range all {
		c.curve(r, s, cases, x, y)
		legend := top + 10 + float64(i)*24
		c.line("line "+s.class, right+30, legend, right+54, legend)
		c.text("", "start", right+62, legend+4, s.title)
	}
}

func (c *canvas) curve(r *results, s series, cases []string, x func(string) float64, y func(float64) float64) {
	var fromX, fromY float64
	for _, setting := range cases {
		v := r.median(setting, us, s.metric)
		if v == 0 { // this size was not measured
			continue
		}
		if fromX > 0 {
			c.line("line "+s.class, fromX, fromY, x(setting), y(v))
		}
		fromX, fromY = x(setting), y(v)
		c.dot("f"+s.class, fromX, fromY)
	}
}

// niceStep divides an axis into about four.
func niceStep(highest float64) float64 {
	rough := highest / 4
	power := math.Pow(10, math.Floor(math.Log10(rough)))
	for _, m := range []float64{1, 2, 5} {
		if rough <= m*power {
			return m * power
		}
	}
	return 10 * power
}
