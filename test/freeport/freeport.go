// Package freeport gives a test a TCP port that nobody else gets.
//
// The usual way, to listen on port 0, close the listener and use its port, leaves a moment in which the
// system may give the port to another process: to a server, or to an outgoing connection. On Linux a
// reserved port is bound to a socket that does not listen, for as long as the test runs. The system
// gives it to nobody, a connection to it is refused, and a server of the test can listen on it, and
// again after it was killed, because it sets SO_REUSEADDR as Go's and Redis's listeners do.
//
// Other systems do not let a server listen there. On them a port is only free when it is returned.
package freeport

import (
	"fmt"
	"net"
	"strconv"
	"testing"
)

// maxAttempts bounds the search for a port whose companions are free as well.
const maxAttempts = 100

// Reserve returns the address of a free port on loopback, as host:port. It is the test's own until the
// test ends. So are the ports at the given distances above it, such as that of a Redis Cluster's bus.
func Reserve(tb testing.TB, distances ...int) string {
	tb.Helper()
	addr, release, err := Hold(distances...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(release)
	return addr
}

// Hold is [Reserve] for a program that is no test: the address is its own until it calls release.
func Hold(distances ...int) (addr string, release func(), err error) {
	for range maxAttempts {
		var held *reservation
		if held, err = reserve(distances); err == nil {
			return net.JoinHostPort("127.0.0.1", strconv.Itoa(held.port)), held.release, nil
		}
	}
	return "", nil, fmt.Errorf("freeport: no free port in %d attempts: %w", maxAttempts, err)
}

// reservation is a port with its companions.
type reservation struct {
	port int
	held []func()
}

// reserve takes any port and its companions, or none of them.
func reserve(distances []int) (*reservation, error) {
	port, release, err := bind(0)
	if err != nil {
		return nil, err
	}
	r := &reservation{port: port, held: []func(){release}}
	for _, distance := range distances {
		_, release, err := bind(port + distance)
		if err != nil {
			r.release()
			return nil, fmt.Errorf("port %d: %w", port+distance, err)
		}
		r.held = append(r.held, release)
	}
	return r, nil
}

func (r *reservation) release() {
	for _, release := range r.held {
		release()
	}
}
