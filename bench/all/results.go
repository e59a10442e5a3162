package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"havip/bench/lab"
)

// line is one of the file with the results: a program's own, or what was noted about the machine or a program.
type line struct {
	lab.Result

	Machine *machine `json:"machine,omitempty"`
	Ran     *ran     `json:"ran,omitempty"`
}

// ran is a program that was run.
type ran struct {
	Command string  `json:"command"`
	Seconds float64 `json:"seconds"`
	// Load is the machine's load average of one minute before it.
	Load float64 `json:"load"`
	// Failed says why it did not end.
	Failed string `json:"failed,omitempty"`
}

func appendLine(path string, l line) error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(append(text, '\n'))
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}

// results are what a run measured. Rounds of the same claim or figure are together.
type results struct {
	machine machine
	ran     []ran
	claims  []claim
	figures []lab.Figure
}

// claim is one of a program.
type claim struct {
	lab.Claim

	program string
}

func readResults(path string) (r results, err error) {
	file, err := os.Open(path)
	if err != nil {
		return r, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return r, fmt.Errorf("%s: %q: %w", path, lines.Text(), err)
		}
		r.add(l)
	}
	return r, lines.Err()
}

func (r *results) add(l line) {
	switch {
	case l.Machine != nil:
		r.machine = *l.Machine
	case l.Ran != nil:
		r.ran = append(r.ran, *l.Ran)
	case l.Claim != nil:
		i := slices.IndexFunc(r.claims, func(c claim) bool {
			return c.program == l.Program && c.Case == l.Claim.Case && c.What == l.Claim.What
		})
		if i < 0 {
			r.claims = append(r.claims, claim{*l.Claim, l.Program})
		} else {
			r.claims[i].Values = append(r.claims[i].Values, l.Claim.Values...)
		}
	case l.Figure != nil:
		i := slices.IndexFunc(r.figures, func(f lab.Figure) bool {
			return f.Case == l.Figure.Case && f.Who == l.Figure.Who && f.Metric == l.Figure.Metric
		})
		if i < 0 {
			r.figures = append(r.figures, *l.Figure)
		} else {
			r.figures[i].Values = append(r.figures[i].Values, l.Figure.Values...)
		}
	}
}

// of returns the values of a figure, or none.
func (r *results) of(setting, who, metric string) []float64 {
	for _, f := range r.figures {
		if f.Case == setting && f.Who == who && f.Metric == metric {
			return f.Values
		}
	}
	return nil
}

// median is 0 if the figure was not measured.
func (r *results) median(setting, who, metric string) float64 {
	values := r.of(setting, who, metric)
	if len(values) == 0 {
		return 0
	}
	return lab.Median(values)
}

// cases returns the cases that have a metric, in the order in which they were measured.
func (r *results) cases(metric string) (all []string) {
	for _, f := range r.figures {
		if f.Metric == metric && !slices.Contains(all, f.Case) {
			all = append(all, f.Case)
		}
	}
	return all
}

// contenders returns who has a metric in a case.
func (r *results) contenders(setting, metric string) (all []string) {
	for _, f := range r.figures {
		if f.Case == setting && f.Metric == metric {
			all = append(all, f.Who)
		}
	}
	return all
}
