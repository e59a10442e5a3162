package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ResultsVariable names the file that a program appends its results to, one JSON object a line.
const ResultsVariable = "HAVIP_BENCH_RESULTS"

// Result is a claim or a figure of a program.
type Result struct {
	Program string  `json:"program"`
	Claim   *Claim  `json:"claim,omitempty"`
	Figure  *Figure `json:"figure,omitempty"`
}

// results writes the results of a program; nil writes none. The first failure is kept.
type results struct {
	file    *os.File
	program string
	err     error
}

// openResults returns nil if no file is named.
func openResults() (*results, error) {
	path := os.Getenv(ResultsVariable)
	if path == "" {
		return nil, nil
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return &results{file: file, program: filepath.Base(os.Args[0])}, nil
}

func (r *results) write(result Result) {
	if r == nil {
		return
	}
	result.Program = r.program
	line, err := json.Marshal(result)
	if err == nil {
		_, err = r.file.Write(append(line, '\n'))
	}
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("write the results of %s: %w", r.program, err)
	}
}

func (r *results) close() error {
	if r == nil {
		return nil
	}
	return errors.Join(r.err, r.file.Close())
}
