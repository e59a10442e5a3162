package deploy

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metricsql"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"havip/internal/lane"
	"havip/internal/redisconn"
	"havip/ledger"
	"havip/tasks"
)

// rule is an alert of prometheus/alerts.yml.
type rule struct {
	Alert, Expr string
	Labels      map[string]string
	Annotations map[string]string
}

func alerts(t *testing.T) []rule {
	t.Helper()
	var file struct{ Groups []struct{ Rules []rule } }
	read(t, "prometheus/alerts.yml", yaml.Unmarshal, &file)
	var rules []rule
	for _, group := range file.Groups {
		rules = append(rules, group.Rules...)
	}
	if len(rules) < 10 {
		t.Fatalf("only %d alerts", len(rules))
	}
	return rules
}

func read(t *testing.T, name string, decode func([]byte, any) error, into any) {
	t.Helper()
	if err := decode([]byte(text(t, name)), into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func text(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// An alert says how urgent it is, what is wrong, and where the runbook says what to do.
func TestAlertsAreComplete(t *testing.T) {
	t.Parallel()
	var names, want []string
	for _, rule := range alerts(t) {
		names = append(names, rule.Alert)
		if severity := rule.Labels["severity"]; severity != "critical" && severity != "warning" {
			t.Errorf("%s: severity %q", rule.Alert, severity)
		}
		want = append(want, "docs/RUNBOOK.md#"+strings.ToLower(rule.Alert))
		if got := rule.Annotations["runbook"]; got != want[len(want)-1] {
			t.Errorf("%s: runbook %q", rule.Alert, got)
		}
		for _, name := range []string{"summary", "description"} {
			if rule.Annotations[name] == "" {
				t.Errorf("%s has no %s", rule.Alert, name)
			}
		}
	}
	var sections []string
	for _, heading := range regexp.MustCompile(`(?m)^#+ (Havip\w+)$`).FindAllStringSubmatch(text(t, "../docs/RUNBOOK.md"), -1) {
		sections = append(sections, heading[1])
	}
	if diff := cmp.Diff(names, sections); diff != "" {
		t.Errorf("alerts (-) and the runbook's sections (+) differ:\n%s", diff)
	}
}

// Every alert has a test in which it fires, and one in which it has resolved; promtool runs them.
func TestAlertsAreTested(t *testing.T) {
	t.Parallel()
	var file struct {
		Tests []struct {
			Rules []struct {
				Alert string `yaml:"alertname"`
				At    string `yaml:"eval_time"`
				Want  []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	read(t, "prometheus/alerts_test.yml", yaml.Unmarshal, &file)
	resolves := map[string]bool{}
	for _, test := range file.Tests {
		fired := map[string]time.Duration{}
		for _, check := range test.Rules {
			at, err := time.ParseDuration(check.At)
			if err != nil {
				t.Fatal(err)
			}
			if before, ok := fired[check.Alert]; ok && len(check.Want) == 0 && at > before {
				resolves[check.Alert] = true
			}
			if len(check.Want) > 0 {
				fired[check.Alert] = at
			}
		}
	}
	for _, rule := range alerts(t) {
		if !resolves[rule.Alert] {
			t.Errorf("no test has %s fire and then resolve", rule.Alert)
		}
	}
}

// Alerts ask for metrics, labels and values that a worker exports.
func TestAlertsMatchMetrics(t *testing.T) {
	t.Parallel()
	metrics := exported(t)
	for _, rule := range alerts(t) {
		metrics.check(t, rule.Alert, rule.Expr)
	}
}

// metrics are the labels of each metric.
type metrics map[string][]string

// exported reads the metrics from their documentation, which internal/metrics compares with what a worker exports.
func exported(t *testing.T) metrics {
	t.Helper()
	found := metrics{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(havip_\\w+)` \\| (\\w+) \\| ([^|]*) \\|").FindAllStringSubmatch(text(t, "../docs/metrics.md"), -1) {
		labels := []string{"instance", "job"} // Prometheus adds them
		if row[3] != "" {
			labels = append(labels, strings.Split(strings.TrimSpace(row[3]), ", ")...)
		}
		if row[2] != "histogram" {
			found[row[1]] = labels
			continue
		}
		found[row[1]+"_sum"], found[row[1]+"_count"] = labels, labels
		found[row[1]+"_bucket"] = append([]string{"le"}, labels...)
	}
	if len(found) < 20 {
		t.Fatalf("only %d metrics", len(found))
	}
	return found
}

// check reports what a query asks for that no worker exports.
func (m metrics) check(t *testing.T, where, expr string) {
	t.Helper()
	parsed, err := metricsql.Parse(expr)
	if err != nil {
		t.Errorf("%s: %v", where, err)
		return
	}
	var grouped []string
	labels := map[string]bool{}
	metricsql.VisitAll(parsed, func(e metricsql.Expr) {
		switch e := e.(type) {
		case *metricsql.ModifierExpr: // of by, on and their like
			grouped = append(grouped, e.Args...)
		case *metricsql.MetricExpr:
			name := e.LabelFilterss[0][0].Value
			if _, ok := m[name]; !ok {
				t.Errorf("%s: there is no metric %s", where, name)
			}
			for _, label := range m[name] {
				labels[label] = true
			}
			for _, filter := range e.LabelFilterss[0][1:] {
				if !slices.Contains(m[name], filter.Label) {
					t.Errorf("%s: %s has no label %s", where, name, filter.Label)
				}
				checkValue(t, where, filter)
			}
		}
	})
	for _, label := range grouped {
		if !labels[label] {
			t.Errorf("%s: none of its metrics has the label %s", where, label)
		}
	}
}

// known are values of labels, of which each that a query names must be one.
func known() map[string][]string {
	values := map[string][]string{
		"alertname": {"Havip.*"}, "alertstate": {"firing"},
		"class":     {string(tasks.ClassCreated), string(tasks.ClassThrottled), string(tasks.ClassUnknown)},
		"operation": {tasks.OpCreate, tasks.OpDelete},
		"result":    {"succeeded", "failed"},
		"target":    {string(lane.TargetLane), string(lane.TargetSubnet), string(lane.TargetDeletions)},
		"cause":     {"failures", "operator"},
		"status":    {"pending", "failed"},
	}
	for _, state := range ledger.States() {
		values["state"] = append(values["state"], string(state))
	}
	for _, code := range []redisconn.Code{
		redisconn.CodeEviction, redisconn.CodePersistence, redisconn.CodeSnapshots, redisconn.CodeReplay, redisconn.CodeWriteErrors,
		redisconn.CodeReplica, redisconn.CodeReplicas, redisconn.CodeMemory,
	} {
		values["code"] = append(values["code"], string(code))
	}
	return values
}

func checkValue(t *testing.T, where string, filter metricsql.LabelFilter) {
	t.Helper()
	known := known()
	for value := range strings.SplitSeq(filter.Value, "|") {
		if !slices.Contains(known[filter.Label], value) && value != "$lane" {
			t.Errorf("%s: %s=%q; known are %v of %v", where, filter.Label, value, known[filter.Label], slices.Sorted(maps.Keys(known)))
		}
	}
}
