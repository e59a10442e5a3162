//go:build unix

package main

import (
	"fmt"
	"os"
	"strings"
)

// Row is one line of a file of items.
type Row struct {
	Batch string
	Line  int
	Key, Name, Subnet, Address, Region,
	// Token is the user's own clientToken, if there is one.
	Token string
}

// account and regions are those of the lanes that workers serve.
const account = "default"

var regions = []string{"bj", "gz"}

// subnets is how many subnets the rows are in, each of one lane.
const subnets = 6

// mostItems is how many addresses the rows have.
const mostItems = 200 * 256

// rowsOf makes n rows in so many batches. Every third asks for an address, every seventh brings
// its own clientToken.
func rowsOf(n, batches int) [][]Row {
	rows := make([][]Row, batches)
	for i := range n {
		b, subnet := i%batches, i/batches%subnets
		r := Row{
			Batch: fmt.Sprintf("chaos-%d", b), Line: len(rows[b]) + 2,
			Key: fmt.Sprintf("item-%05d", i), Name: fmt.Sprintf("vip-%05d", i),
			Subnet: fmt.Sprintf("sbn-chaos%d", subnet), Region: regions[subnet%len(regions)],
		}
		if i%3 == 0 {
			r.Address = fmt.Sprintf("192.168.%d.%d", i/200, 1+i%200)
		}
		if i%7 == 0 {
			r.Token = fmt.Sprintf("own-token-%05d", i)
		}
		rows[b] = append(rows[b], r)
	}
	return rows
}

// write writes the rows as a CSV file.
func write(path string, rows []Row) error {
	var b strings.Builder
	b.WriteString("key,name,subnetId,privateIpAddress,region,clientToken\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "%s,%s,%s,%s,%s,%s\n", r.Key, r.Name, r.Subnet, r.Address, r.Region, r.Token)
	}
	return os.WriteFile(path, []byte(b.String()), 0o600)
}
