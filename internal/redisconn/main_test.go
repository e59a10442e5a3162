package redisconn

import (
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is the last guard of a wait: far beyond what succeeds on any machine.
const patience = 5 * time.Minute

func TestMain(m *testing.M) {
	// Failed connections are what many of these tests are about.
	LogTo(nil)
	goleak.VerifyTestMain(m, goleak.Cleanup(os.Exit))
}
