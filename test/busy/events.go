package main

import (
	"encoding/json"
	"io"
	"strings"
)

// failure is a test, or a package, that failed, with the end of what it printed.
type failure struct {
	Package, Test string
	output        string
}

// event is a line of go test -json (cmd/test2json); only what is read of it.
type event struct {
	Action  string `json:"Action"`
	Package string `json:"Package"`
	Test    string `json:"Test"`
	Output  string `json:"Output"`
}

// maxOutput bounds what is shown of one failure.
const maxOutput = 6000

// read collects the failures of a run. A test whose subtest failed is not listed beside it, nor is a package
// beside its tests.
func read(events io.Reader) []failure {
	type place struct{ pkg, test string }
	outputs := map[place][]string{}
	var failures []failure
	for decoder := json.NewDecoder(events); ; {
		var e event
		if decoder.Decode(&e) != nil {
			break
		}
		at := place{e.Package, e.Test}
		switch e.Action {
		case "output":
			outputs[at] = append(outputs[at], e.Output)
		case "pass", "skip":
			delete(outputs, at)
		case "fail":
			if !explained(failures, e) {
				failures = append(failures, failure{e.Package, e.Test, tail(strings.Join(outputs[at], ""))})
			}
		}
	}
	_, _ = io.Copy(io.Discard, events)
	return failures
}

// explained reports whether a failure within this one is listed already.
func explained(failures []failure, e event) bool {
	for _, f := range failures {
		if f.Package == e.Package && (e.Test == "" || strings.HasPrefix(f.Test, e.Test+"/")) {
			return true
		}
	}
	return false
}

func tail(text string) string {
	if len(text) > maxOutput {
		text = "…" + text[len(text)-maxOutput:]
	}
	return text
}
