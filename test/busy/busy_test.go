package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What failed is listed once, with what it printed: the subtest, not the test and the package around it.
func TestRead(t *testing.T) {
	t.Parallel()
	const events = `{"Action":"output","Package":"p","Test":"TestA/x","Output":"too slow\n"}
{"Action":"fail","Package":"p","Test":"TestA/x"}
{"Action":"output","Package":"p","Test":"TestB","Output":"fine\n"}
{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}
{"Action":"output","Package":"q","Output":"panic: at start\n"}
{"Action":"fail","Package":"q"}
`
	want := []failure{{"p", "TestA/x", "too slow\n"}, {"q", "", "panic: at start\n"}}
	if diff := cmp.Diff(want, read(strings.NewReader(events)), cmp.AllowUnexported(failure{})); diff != "" {
		t.Error(diff)
	}
}
