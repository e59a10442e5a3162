package main

import (
	"bytes"
	"strings"
	"testing"
)

const valid = `apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data: {b: c}
`

// verify returns what is printed for a stream of objects.
func verify(t *testing.T, stdin string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(append(args, "-"), strings.NewReader(stdin), &out)
	return out.String(), err
}

func TestValid(t *testing.T) {
	t.Parallel()
	out, err := verify(t, "---\n# nothing\n---\n"+valid+"---\n"+strings.Replace(valid, "name: a", "name: b", 1))
	if want := "v1 ConfigMap a\nv1 ConfigMap b\n"; out != want || err != nil {
		t.Errorf("got %q, %v, want %q", out, err, want)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for name, manifest := range map[string]string{
		"unknown field":    valid + "dataa: {}\n",
		"unknown inside":   strings.Replace(valid, "name: a", "name: a, nam: b", 1),
		"repeated field":   valid + "data: {}\n",
		"wrong type":       strings.Replace(valid, "b: c", "b: [c]", 1),
		"unknown kind":     strings.Replace(valid, "ConfigMap", "ConfigMaps", 1),
		"unknown version":  strings.Replace(valid, "v1", "v9", 1),
		"second of two":    valid + "---\n" + valid + "dataa: {}\n",
		"not YAML":         "a: [",
		"nothing":          "# nothing\n",
		"a ServiceMonitor": "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: a}\nspec: {endpoint: []}\n",
	} {
		if out, err := verify(t, manifest); err == nil {
			t.Errorf("%s: got %q", name, out)
		}
	}
}

// A kind without Go types is checked by its definition.
func TestDefinition(t *testing.T) {
	t.Parallel()
	const crd = "testdata/widgets.yaml"
	const widget = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}\nspec: {size: 1}\n"
	if _, err := verify(t, widget); err == nil {
		t.Error("accepted without a definition")
	}
	if out, err := verify(t, widget, "-crd", crd); err != nil || out != "example.com/v1 Widget a\n" {
		t.Errorf("got %q, %v", out, err)
	}
	_, err := verify(t, strings.Replace(widget, "size", "sise", 1), "-crd", crd)
	if err == nil || !strings.Contains(err.Error(), "spec.sise") {
		t.Errorf("got %v", err)
	}
}

// The manifests of deploy/kubernetes are what kustomize accepts, and lanes can be replaced.
func TestManifests(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := run([]string{"../kubernetes", "testdata/overlay"}, nil, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"v1 ConfigMap havip-", "apps/v1 Deployment havip\n", "monitoring.coreos.com/v1 ServiceMonitor havip\n", "monitoring.coreos.com/v1 PrometheusRule havip\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}
