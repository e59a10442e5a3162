package sdkcompat

import (
	"net/http/httptest"
	"testing"

	"havip/bce/bcesim"
)

// keys are both halves of the simulator's key pair.
const keys = bcesim.SandboxKey

// simulator is one behind a server of its own.
type simulator struct {
	*bcesim.Server
	url string
}

// simulate starts a simulator with faults and, unless empty, one explicit subnet.
func simulate(t *testing.T, faults, subnet string) simulator {
	t.Helper()
	var options bcesim.Options
	var err error
	options.Faults, err = bcesim.ParseFaults(faults)
	must(t, "faults", err)
	if subnet != "" {
		explicit, err := bcesim.ParseSubnet(subnet)
		must(t, "subnet", err)
		options.Subnets = append(options.Subnets, explicit)
	}
	sim := bcesim.New(options)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	t.Cleanup(sim.Close)
	return simulator{sim, server.URL}
}

func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
