package redistest

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// AppendIncrements writes n increments of a key into the append-only file of a server that does not run: loading so many takes
// time, and with Lines("key-load-delay MICROSECONDS") as long as a test needs. After every 1,024 the server looks at its clients.
func (s *Server) AppendIncrements(tb testing.TB, key string, n int) {
	tb.Helper()
	// Redis 7 has a directory of such files, earlier versions one file.
	paths, err := filepath.Glob(filepath.Join(s.Dir(), "*", "*.incr.aof"))
	if err != nil {
		fatal(tb, err)
	}
	paths = append(paths, filepath.Join(s.Dir(), "appendonly.aof"))
	file, err := os.OpenFile(paths[0], os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		fatal(tb, err)
	}
	w := bufio.NewWriter(file)
	for range n {
		_, _ = fmt.Fprintf(w, "*2\r\n$4\r\nINCR\r\n$%d\r\n%s\r\n", len(key), key)
	}
	if err := errors.Join(w.Flush(), file.Close()); err != nil {
		fatal(tb, err)
	}
}
