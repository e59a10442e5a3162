package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// row is one line of a file of items, by its key.
type row struct{ key, name, subnet, address string }

// rowsOf makes n rows over a few subnets, of which every third asks for a fixed address.
func rowsOf(n int) []row {
	rows := make([]row, n)
	for i := range rows {
		rows[i] = row{key: fmt.Sprintf("item-%05d", i), name: fmt.Sprintf("vip-%05d", i), subnet: fmt.Sprintf("sbn-e2e%d", i%3)}
		if i%3 == 0 {
			rows[i].address = fmt.Sprintf("192.%d.%d.%d", 168+i/51200, i/200%256, 1+i%200)
		}
	}
	return rows
}

// fixedRowsOf is rowsOf in which every row asks for a fixed address. An address that BCE chose is learned after
// the create, and where Redis dies in between, that can take minutes, or be lost with the task.
func fixedRowsOf(n int) []row {
	rows := rowsOf(n)
	for i := range rows {
		rows[i].address = fmt.Sprintf("192.168.%d.%d", i/200, 1+i%200)
	}
	return rows
}

// write writes the rows as a CSV file and returns its path.
func (w *stack) write(t *testing.T, name string, rows []row) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("key,name,subnetId,privateIpAddress\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "%s,%s,%s,%s\n", r.key, r.name, r.subnet, r.address)
	}
	return w.writeText(t, name, b.String())
}

// writeText makes a file, and returns its path.
func (w *stack) writeText(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// readText is the content of a file that a program has made.
func (w *stack) readText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
