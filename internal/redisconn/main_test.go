package redisconn

import (
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is a safety timeout, far longer than any wait takes.
const patience = 5 * time.Minute

func TestMain(m *testing.M) {
	// Many of these tests make failed connections.
	LogTo(nil)
	goleak.VerifyTestMain(m, goleak.Cleanup(os.Exit))
}
