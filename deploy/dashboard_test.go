package deploy

import (
	"encoding/json"
	"strings"
	"testing"
)

// Panels ask for metrics, labels and values that a worker exports, and for Prometheus's alerts.
func TestPanelsMatchMetrics(t *testing.T) {
	t.Parallel()
	metrics := exported(t)
	metrics["ALERTS"] = []string{"alertname", "alertstate"}
	for title, exprs := range panels(t) {
		for _, expr := range exprs {
			metrics.check(t, title, expr)
		}
	}
}

// panels are the queries of the dashboard.
func panels(t *testing.T) map[string][]string {
	t.Helper()
	var dashboard struct {
		Panels []struct {
			Title, Description string
			Targets            []struct{ Expr string }
		}
	}
	read(t, "grafana/dashboard.json", json.Unmarshal, &dashboard)
	queries := map[string][]string{}
	for _, panel := range dashboard.Panels {
		if panel.Title == "" || panel.Description == "" || len(panel.Targets) == 0 {
			t.Errorf("panel %q needs a title, a description and a query", panel.Title)
		}
		for _, target := range panel.Targets {
			queries[panel.Title] = append(queries[panel.Title], strings.ReplaceAll(target.Expr, "$__rate_interval", "5m"))
		}
	}
	if len(queries) < 10 {
		t.Errorf("only %d panels", len(queries))
	}
	return queries
}
