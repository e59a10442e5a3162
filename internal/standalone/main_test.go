//go:build unix

package standalone

import (
	"context"
	"fmt"
	"io"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// helperFlag makes the test binary a program that opens a store over its working directory,
// prints "ready" and runs until it is killed: a parent that a test can end with kill -9.
const helperFlag = "HAVIP_STANDALONE_HELPER"

func TestMain(m *testing.M) {
	if os.Getenv(helperFlag) != "" {
		os.Exit(helper())
	}
	goleak.VerifyTestMain(m)
}

func helper() int {
	store, err := Child(context.Background(), ".")
	if err == nil {
		err = store.Client().Set(context.Background(), "written-by", "helper", 0).Err()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	pid, err := serverPID(context.Background(), store)
	fmt.Fprintln(os.Stdout, "ready", pid, err)
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}
