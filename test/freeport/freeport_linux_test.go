package freeport

import (
	"errors"
	"net"
	"strconv"
	"syscall"
	"testing"
)

func portOf(t *testing.T, addr string) int {
	t.Helper()
	_, text, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func listen(t *testing.T, addr string) net.Listener {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// A connection to a reserved port is refused until a server of the test listens on it.
func TestReserve(t *testing.T) {
	t.Parallel()
	addr := Reserve(t)
	dial := func() error {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
		if err == nil {
			_ = conn.Close()
		}
		return err
	}
	for range 2 {
		if err := dial(); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("nobody listens: %v; want a refused connection", err)
		}
		listener := listen(t, addr)
		if err := dial(); err != nil {
			t.Errorf("a server listens: %v", err)
		}
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A port that is reserved, or whose companion is, is nobody else's.
func TestReserve_isExclusive(t *testing.T) {
	t.Parallel()
	const distance = 2
	port := portOf(t, Reserve(t, distance))
	for _, taken := range []int{port, port + distance} {
		if _, release, err := bind(taken); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("port %d: %v; want it in use", taken, err)
			release()
		}
	}
}

// A port whose companion cannot be had is no port for the caller.
func TestReserve_needsCompanions(t *testing.T) {
	t.Parallel()
	const beyondAll = 1 << 16
	if held, err := reserve([]int{beyondAll}); err == nil {
		held.release()
		t.Errorf("reserved %d without its companion", held.port)
	}
}
