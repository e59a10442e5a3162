//go:build unix

package main

import "testing"

// TestRows: what the verdict rests on is that names, keys and addresses are each one row's own, and
// that a subnet is of one lane.
func TestRows(t *testing.T) {
	t.Parallel()
	const items = 5000
	seen, lanes, n := map[string]bool{}, map[string]string{}, 0
	for i, rows := range rowsOf(items, 4) {
		for j, r := range rows {
			n++
			if r.Line != j+2 || r.Batch != rows[0].Batch {
				t.Fatalf("row %d of batch %d: %+v", j, i, r)
			}
			for _, text := range []string{"key " + r.Key, "name " + r.Name, "address " + r.Address, "token " + r.Token} {
				if seen[text] && text != "address " && text != "token " {
					t.Fatalf("%s has two rows", text)
				}
				seen[text] = true
			}
			if lane, known := lanes[r.Subnet]; known && lane != r.Region {
				t.Fatalf("subnet %s is of %s and %s", r.Subnet, lane, r.Region)
			}
			lanes[r.Subnet] = r.Region
		}
	}
	if n != items || len(lanes) != subnets {
		t.Errorf("%d rows in %d subnets, want %d in %d", n, len(lanes), items, subnets)
	}
}
