package e2e

import (
	"encoding/json"
	"strings"
	"testing"
)

// logged is a line of a worker's log, by its keys.
type logged struct {
	Level     string `json:"level"`
	Component string `json:"component"`
	Batch     string `json:"batch"`
	Key       string `json:"key"`
	Dead      string `json:"dead"`
	Message   string `json:"message"`
}

// logOf reads what a worker has logged.
func logOf(t *testing.T, worker *process) []logged {
	t.Helper()
	var lines []logged
	for text := range strings.Lines(worker.stderr.String()) {
		var line logged
		if !strings.HasPrefix(text, "{") {
			continue // what the system says of it
		}
		if err := json.Unmarshal([]byte(text), &line); err == nil {
			lines = append(lines, line)
		}
	}
	return lines
}
