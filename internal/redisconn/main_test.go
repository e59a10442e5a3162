package redisconn

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// Failed connections are what many of these tests are about.
	LogTo(nil)
	goleak.VerifyTestMain(m, goleak.Cleanup(os.Exit))
}
