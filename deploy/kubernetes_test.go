package deploy

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"havip/bce"
	"havip/internal/cli"
	"havip/internal/lanefile"
	"havip/internal/telemetry"
	"havip/internal/worker"
	"havip/ledger"
	"havip/tasks"
)

// pod is the workers' in kubernetes/deployment.yaml, which `make manifests` generates from the chart. Whether its fields are those of
// Kubernetes is checked by `make verify-deploy`; these tests check it against the program.
type pod struct {
	AutomountServiceAccountToken  bool           `yaml:"automountServiceAccountToken"`
	EnableServiceLinks            bool           `yaml:"enableServiceLinks"`
	SecurityContext               map[string]any `yaml:"securityContext"`
	TerminationGracePeriodSeconds int            `yaml:"terminationGracePeriodSeconds"`
	Containers                    []struct {
		Env            []struct{ Name, Value string }
		StartupProbe   probe `yaml:"startupProbe"`
		LivenessProbe  probe `yaml:"livenessProbe"`
		ReadinessProbe probe `yaml:"readinessProbe"`
		Lifecycle      struct {
			PreStop struct{ Sleep struct{ Seconds int } } `yaml:"preStop"`
		}
		SecurityContext map[string]any `yaml:"securityContext"`
		VolumeMounts    []struct {
			Name      string
			MountPath string `yaml:"mountPath"`
		} `yaml:"volumeMounts"`
	}
}

type probe struct {
	HTTPGet          struct{ Path string } `yaml:"httpGet"`
	PeriodSeconds    int                   `yaml:"periodSeconds"`
	FailureThreshold int                   `yaml:"failureThreshold"`
}

func workerPod(t *testing.T) pod {
	t.Helper()
	var deployment struct {
		Spec struct{ Template struct{ Spec pod } }
	}
	readYAML(t, "kubernetes/deployment.yaml", &deployment)
	p := deployment.Spec.Template.Spec
	if len(p.Containers) != 1 {
		t.Fatalf("%d containers", len(p.Containers))
	}
	return p
}

func (p pod) env() map[string]string {
	env := map[string]string{}
	for _, v := range p.Containers[0].Env {
		env[v.Name] = v.Value
	}
	return env
}

// mounted returns the volume that has a path.
func (p pod) mounted(path string) string {
	for _, m := range p.Containers[0].VolumeMounts {
		if strings.HasPrefix(path, m.MountPath+"/") {
			return m.Name
		}
	}
	return ""
}

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// A worker is not killed while it drains, and its grace is as long as a request needs.
func TestKubernetesStop(t *testing.T) {
	t.Parallel()
	p := workerPod(t)
	grace, err := time.ParseDuration(p.env()["HAVIP_GRACE"])
	if err != nil {
		t.Fatal(err)
	}
	if least := worker.MinGrace(tasks.DefaultRequestTimeout); grace < least {
		t.Errorf("HAVIP_GRACE is %s, and must be at least %s", grace, least)
	}
	preStop := time.Duration(p.Containers[0].Lifecycle.PreStop.Sleep.Seconds) * time.Second
	if killed := time.Duration(p.TerminationGracePeriodSeconds) * time.Second; preStop == 0 || killed <= preStop+grace {
		t.Errorf("killed after %s, of which preStop takes %s and the drain %s", killed, preStop, grace)
	}
}

// Probes ask for what a worker serves. At the start, it may wait for Redis twice, for its answer and for its durability, and serves
// nothing until then.
func TestKubernetesProbes(t *testing.T) {
	t.Parallel()
	c := workerPod(t).Containers[0]
	mux := http.NewServeMux()
	(&telemetry.Health{}).Mount(mux)
	for path, probes := range map[string][]probe{"/livez": {c.StartupProbe, c.LivenessProbe}, "/readyz": {c.ReadinessProbe}} {
		for _, p := range probes {
			_, pattern := mux.Handler(httptest.NewRequestWithContext(t.Context(), http.MethodGet, p.HTTPGet.Path, nil))
			if p.HTTPGet.Path != path || pattern == "" {
				t.Errorf("%+v: asks for another path than %s, or for one that is not served", p, path)
			}
		}
	}
	if lasts := time.Duration(c.StartupProbe.PeriodSeconds*c.StartupProbe.FailureThreshold) * time.Second; lasts <= 2*cli.PassingPatience {
		t.Errorf("a worker that waits for Redis is killed after %s", lasts)
	}
}

// The variables exist, secrets are files of the Secret, the spool is a directory of the worker's own in its volume, and commands in
// the container have a temporary directory.
func TestKubernetesEnvironment(t *testing.T) {
	t.Parallel()
	p := workerPod(t)
	secrets := append(bce.SecretVariables(), "HAVIP_REDIS_URL")
	for name, value := range p.env() {
		variable, isFile := strings.CutSuffix(name, "_FILE")
		switch {
		case isFile && slices.Contains(secrets, variable):
			if p.mounted(value) != "secret" {
				t.Errorf("%s=%s: is not in the Secret", name, value)
			}
		case slices.Contains(secrets, name):
			t.Errorf("%s: is a secret", name)
		case !slices.Contains(cli.ProgramVariables, name) && !slices.Contains(bce.Variables(), name):
			t.Errorf("%s: no program reads it", name)
		}
	}
	if dir := p.env()["HAVIP_SPOOL_DIR"]; p.mounted(dir) != "spool" {
		t.Errorf("HAVIP_SPOOL_DIR=%s: is not below the volume's directory, to which every user may write", dir)
	}
	if p.mounted("/tmp/file") == "" {
		t.Error("enqueue apply - cannot store its input")
	}
	if path := p.env()["HAVIP_CONFIG"]; p.mounted(path) != "lanes" {
		t.Errorf("HAVIP_CONFIG=%s: is not in the ConfigMap", path)
	}
}

// A worker has no privileges, and no token of Kubernetes.
func TestKubernetesPrivileges(t *testing.T) {
	t.Parallel()
	p := workerPod(t)
	if p.AutomountServiceAccountToken || p.EnableServiceLinks {
		t.Error("the pod has a token, or variables of all services")
	}
	if diff := cmp.Diff(map[string]any{
		"runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532,
		"seccompProfile": map[string]any{"type": "RuntimeDefault"},
	}, p.SecurityContext); diff != "" {
		t.Errorf("pod (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{
		"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": map[string]any{"drop": []any{"ALL"}},
	}, p.Containers[0].SecurityContext); diff != "" {
		t.Errorf("container (-want +got):\n%s", diff)
	}
}

// Workers can read the lanes.
func TestKubernetesLanes(t *testing.T) {
	t.Parallel()
	file, err := lanefile.Read(t.Context(), "kubernetes/lanes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]tasks.Lane{{Account: "default", Region: "bj"}}, file.Lanes()); diff != "" {
		t.Error(diff)
	}
}

// KEDA's query names a metric and states that exist.
func TestKubernetesBacklog(t *testing.T) {
	t.Parallel()
	var scaled struct {
		Spec struct {
			Triggers []struct{ Metadata map[string]string }
		}
	}
	readYAML(t, "kubernetes/keda/scaledobject.yaml", &scaled)
	query := scaled.Spec.Triggers[0].Metadata["query"]
	match := regexp.MustCompile(`\((havip_\w+)\{.*state=~"([a-z|]+)"`).FindStringSubmatch(query)
	if match == nil {
		t.Fatalf("query %q", query)
	}
	documented, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(documented), "| `"+match[1]+"` |") {
		t.Errorf("%s is not in docs/metrics.md", match[1])
	}
	for state := range strings.SplitSeq(match[2], "|") {
		if !slices.Contains(ledger.States(), ledger.State(state)) {
			t.Errorf("%s is no state", state)
		}
	}
}

// The chart's alerts, and so those of the manifests, are the ones of Compose and of promtool's tests.
func TestKubernetesAlerts(t *testing.T) {
	t.Parallel()
	var generated struct {
		Spec map[string]any
	}
	var alerts map[string]any
	readYAML(t, "kubernetes/prometheus/prometheusrule.yaml", &generated)
	readYAML(t, "prometheus/alerts.yml", &alerts)
	if diff := cmp.Diff(alerts, generated.Spec); diff != "" {
		t.Errorf("make manifests (-prometheus +kubernetes):\n%s", diff)
	}
	if target, err := os.Readlink("helm/havip/alerts.yml"); err != nil || target != "../../prometheus/alerts.yml" {
		t.Errorf("the chart has alerts of its own: %q, %v", target, err)
	}
}

// Each value of the chart is explained, and has a schema; the schema has no others.
func TestChartValues(t *testing.T) {
	t.Parallel()
	var values yaml.Node
	readYAML(t, "helm/havip/values.yaml", &values)
	text, err := os.ReadFile("helm/havip/values.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema valueSchema
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	delete(schema.Properties, "global") // Helm's
	checkValues(t, "", values.Content[0], schema)
}

type valueSchema struct {
	AdditionalProperties any
	Properties           map[string]valueSchema
}

func checkValues(t *testing.T, path string, node *yaml.Node, s valueSchema) {
	t.Helper()
	if s.AdditionalProperties != false {
		t.Errorf("%s: the schema accepts any value", path)
	}
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		name := strings.TrimPrefix(path+"."+key.Value, ".")
		of, ok := s.Properties[key.Value]
		if !ok {
			t.Errorf("%s: has no schema", name)
		}
		delete(s.Properties, key.Value)
		if of.Properties != nil && len(value.Content) > 0 && key.HeadComment == "" {
			checkValues(t, name, value, of)
			continue
		}
		if key.HeadComment == "" {
			t.Errorf("%s: is not explained", name)
		}
	}
	for name := range s.Properties {
		t.Errorf("%s.%s: is in the schema alone", path, name)
	}
}
