package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"havip/bench/lab"
)

//go:embed performance.md.tmpl
var pageText string

// writeFrom writes the document and its plots from a file of results.
func writeFrom(path, docs string) error {
	r, err := readResults(path)
	if err != nil {
		return err
	}
	files := map[string]string{
		"images/performance-rates.svg": plotRates(&r), "images/performance-cost.svg": plotCost(&r), "images/performance-growth.svg": plotGrowth(&r),
	}
	if files["performance.md"], err = page(&r); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(docs, "images"), 0o755); err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(docs, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	fmt.Println("wrote", filepath.Join(docs, "performance.md"))
	return nil
}

// document is what the template shows.
type document struct {
	Machine  machine
	Load     string
	Busy     bool // others used the machine
	Claims   []claim
	Held     int
	Missed   []claim
	Failures []ran
	Ran      []ran
	Cases    []caseTable
	Profile  table
	Growth   table
	Overhead table
	Plan     planText
}

// caseTable is a case of the program cost.
type caseTable struct {
	Title    string
	Possible bool
	Rows     []caseRow
	Claims   []claim
}

type caseRow struct{ Who, Rate, Ratio, Possible, Tail, Worker, Store, Commands, Reads, Memory string }

// table has a column for each of its heads, after the name of the row.
type table struct {
	Head []string
	Rows [][]string
}

func page(r *results) (string, error) {
	d := document{Machine: r.machine, Claims: r.claims, Ran: r.ran, Load: loads(r.ran), Profile: profileTable(r), Growth: growthTable(r), Overhead: overheadTable(r), Plan: newPlanText(newPlan(r))}
	d.Busy = len(r.ran) > 0 && r.ran[0].Load > float64(r.machine.Cores) // before anything of ours ran
	for _, c := range r.claims {
		if c.Holds() {
			d.Held++
		} else {
			d.Missed = append(d.Missed, c)
		}
	}
	for _, ran := range r.ran {
		if ran.Failed != "" {
			d.Failures = append(d.Failures, ran)
		}
	}
	for _, setting := range r.costCases() {
		d.Cases = append(d.Cases, newCaseTable(r, setting))
	}
	t, err := template.New("page").Funcs(template.FuncMap{
		"number": number, "measured": measured, "spread": spread, "firstLine": firstLine, "target": target,
		"rate": func(micros float64) float64 { return 1e6 / micros }, "program": func(c claim) string { return c.program },
		"what": func(c claim) string { return strings.TrimPrefix(c.Case+": "+c.What, ": ") },
		"claims": func(program string) []claim {
			return r.claimsWhere(func(c claim) bool { return c.program == program })
		},
	}).Parse(pageText)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, d); err != nil {
		return "", err
	}
	return blankLines.ReplaceAllString(strings.TrimSpace(b.String()), "\n\n") + "\n", nil
}

// blankLines are more than the template means.
var blankLines = regexp.MustCompile(`\n{3,}`)

func (r *results) claimsWhere(is func(claim) bool) (all []claim) {
	for _, c := range r.claims {
		if is(c) {
			all = append(all, c)
		}
	}
	return all
}

func newCaseTable(r *results, setting string) caseTable {
	c := caseTable{Title: setting, Possible: possible(r, setting) > 0}
	c.Claims = r.claimsWhere(func(c claim) bool { return c.program == "cost" && c.Case == setting })
	mine := r.of(setting, us, metricRate)
	for _, who := range r.contenders(setting, metricRate) {
		row := caseRow{Who: who, Rate: cell(r.of(setting, who, metricRate)), Ratio: cell(lab.Ratios(mine, r.of(setting, who, metricRate)))}
		if who == us {
			row.Who, row.Ratio = "**"+who+"**", ""
		}
		if c.Possible {
			row.Possible = number(r.median(setting, who, metricPossible)) + " %"
		}
		for _, m := range []struct {
			to     *string
			metric string
		}{{&row.Worker, metricWorker}, {&row.Store, metricStore}, {&row.Commands, metricCommands}, {&row.Reads, metricReads}, {&row.Memory, metricMemory}} {
			if values := r.of(setting, who, m.metric); values != nil {
				*m.to = number(lab.Median(values))
			}
		}
		if row.Worker != "" {
			row.Worker += fmt.Sprintf(" (%.2f)", r.median(setting, who, metricWorker)*r.median(setting, who, metricRate)/1e6)
		}
		row.Tail = strconv.FormatFloat(r.median(setting, who, metricTail), 'f', 2, 64)
		c.Rows = append(c.Rows, row)
	}
	return c
}

// profileTable has a row for each use of CPU, of the worker and of Redis, and a column for each case.
func profileTable(r *results) (t table) {
	const prefix = "CPU, "
	var cases []string
	for _, f := range r.figures {
		if strings.HasPrefix(f.Case, prefix) && !slices.Contains(cases, f.Case) {
			cases = append(cases, f.Case)
			t.Head = append(t.Head, strings.TrimPrefix(f.Case, prefix))
		}
	}
	for _, who := range []string{"worker", "Redis"} {
		for _, metric := range metricsOf(r, cases) {
			row, measured := []string{who + ": " + metric}, false
			for _, setting := range cases {
				values := r.of(setting, who, metric)
				measured = measured || values != nil
				row = append(row, cell(values))
			}
			if measured {
				t.Rows = append(t.Rows, row)
			}
		}
	}
	return t
}

// growthTable has a row for each metric and a column for each size.
func growthTable(r *results) (t table) {
	const always = "status, ms" // of every size
	cases := r.cases(always)
	slices.SortFunc(cases, func(a, b string) int { return int(size(a) - size(b)) })
	for _, setting := range cases {
		t.Head = append(t.Head, number(size(setting))+" items")
	}
	for _, metric := range metricsOf(r, cases) {
		row := []string{metric}
		for _, setting := range cases {
			row = append(row, cell(r.of(setting, us, metric)))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// overheadTable has a row for each variant.
func overheadTable(r *results) (t table) {
	cases := slices.DeleteFunc(r.cases(metricRate), func(s string) bool { return !strings.HasSuffix(s, "items, BCE answers at once") })
	if len(cases) == 0 {
		return t
	}
	t.Head = []string{metricRate, metricWorker}
	for _, who := range r.contenders(cases[0], metricRate) {
		t.Rows = append(t.Rows, []string{who, cell(r.of(cases[0], who, metricRate)), cell(r.of(cases[0], who, metricWorker))})
	}
	return t
}

// metricsOf returns the metrics of some cases, in the order in which they were measured.
func metricsOf(r *results, cases []string) (all []string) {
	for _, f := range r.figures {
		if slices.Contains(cases, f.Case) && !slices.Contains(all, f.Metric) {
			all = append(all, f.Metric)
		}
	}
	return all
}

func loads(all []ran) string {
	if len(all) == 0 {
		return ""
	}
	least, greatest := math.Inf(1), 0.0
	for _, r := range all {
		least, greatest = min(least, r.Load), max(greatest, r.Load)
	}
	return fmt.Sprintf("%.1f to %.1f", least, greatest)
}

func firstLine(text string) string {
	first, _, _ := strings.Cut(text, "\n")
	return first
}

// measured is the median, with as many digits as it takes to tell it from a bound that it misses.
func measured(c claim) string {
	median := lab.Median(c.Values)
	if text := number(median); c.Holds() || text != number(c.Bound) {
		return text
	}
	return strconv.FormatFloat(median, 'g', 6, 64)
}

func target(c claim) string {
	if c.AtLeast {
		return "≥ " + number(c.Bound)
	}
	return "≤ " + number(c.Bound)
}

// cell is the median with the spread of the rounds.
func cell(values []float64) string {
	switch len(values) {
	case 0:
		return ""
	case 1:
		return number(values[0])
	default:
		return number(lab.Median(values)) + " (" + spread(values) + ")"
	}
}

func spread(values []float64) string {
	if len(values) < 2 {
		return "1 round"
	}
	return number(slices.Min(values)) + " to " + number(slices.Max(values))
}

// number has three digits that mean something, and commas between thousands.
func number(v float64) string {
	switch {
	case v == 0:
		return "0"
	case math.Abs(v) < 100:
		return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(v, 'f', max(0, 2-int(math.Floor(math.Log10(math.Abs(v))))), 64), "0"), ".")
	}
	digits := strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
