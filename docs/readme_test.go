package docs

import (
	"os"
	"strings"
	"testing"
)

// The program that the README shows is the example, which tests build and run.
func TestReadmeShowsTheExample(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	const example = "examples/provision/main.go"
	program, err := os.ReadFile("../" + example)
	if err != nil {
		t.Fatal(err)
	}
	if blocks := strings.Count(string(readme), "```go\n"); blocks != 1 {
		t.Errorf("README.md has %d blocks of Go, and one of them is tested", blocks)
	}
	if !strings.Contains(string(readme), "```go\n"+string(program)+"```\n") {
		t.Errorf("README.md does not show %s as it is: copy the file into its block of Go", example)
	}
}
