package telemetry

import (
	"fmt"
	"net"
	"net/http"
	"net/http/pprof" // #nosec G108 -- the default mux, where it registers itself, is never served
	"net/netip"
)

// CheckLoopback refuses an address that others than this machine may reach. Names are not resolved, except localhost, as they
// may change.
func CheckLoopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.Unmap().IsLoopback()) {
		return fmt.Errorf("%q is not a loopback address, such as 127.0.0.1", host)
	}
	return nil
}

// Profiles serves the profiles of the process, for go tool pprof. They show memory, and so secrets: serve them on loopback alone.
func Profiles() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}
