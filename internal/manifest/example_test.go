package manifest_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"havip/internal/manifest"
)

func Example() {
	ctx := context.Background()
	input := strings.NewReader("name,subnetId,privateIpAddress\nweb-1,sbn-dk8gl9bc,10.0.0.6\nweb-2,sbn-dk8gl9bc,10.0.0.7\n")
	f, err := manifest.Open(ctx, manifest.Standard, manifest.Options{DefaultRegion: "bj", Stdin: input})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	defer f.Close()

	report, err := f.Check(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	for _, fault := range report.Faults {
		fmt.Fprintln(os.Stdout, fault)
	}
	for row, err := range f.Rows(ctx) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return
		}
		fmt.Fprintln(os.Stdout, row.Line, row.Item.Key, row.Item.Request.PrivateIPAddress)
	}
	// Output:
	// 2 web-1 10.0.0.6
	// 3 web-2 10.0.0.7
}

func ExampleFile_Check() {
	ctx := context.Background()
	input := strings.NewReader("name,subnetId\n1-web,sbn-dk8gl9bc\nweb-2,sbn dk\n")
	f, err := manifest.Open(ctx, manifest.Standard, manifest.Options{DefaultRegion: "bj", Stdin: input})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	defer f.Close()

	report, err := f.Check(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	fmt.Fprintln(os.Stdout, report.Rows, "rows,", report.FaultCount, "faults")
	for _, fault := range report.Faults {
		fmt.Fprintln(os.Stdout, fault)
	}
	// Output:
	// 2 rows, 2 faults
	// stdin:2:1: name "1-web": must start with a letter or a Chinese character
	// stdin:3:7: subnetId "sbn dk": must be a subnet ID such as sbn-dk8gl9bc
}
