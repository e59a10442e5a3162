package bcesim_test

import (
	"fmt"
	"net/http/httptest"

	"havip/bce/bcesim"
)

// A simulator behind a test server, with the third create's answer lost and a tenth of all
// calls throttled.
func ExampleNew() {
	faults, err := bcesim.ParseFaults("seed=7,create:commit-reset=#3,*:429=0.1:2s")
	if err != nil {
		fmt.Println(err)
		return
	}
	sim := bcesim.New(bcesim.Options{Faults: faults})
	server := httptest.NewServer(sim)
	defer server.Close()
	defer sim.Close()

	// Point the client under test at server.URL, with the key pair sandbox/sandbox, and
	// then ask what really happened.
	fmt.Println(sim.Faults())
	fmt.Println(len(sim.Truth().Live()), "HaVIPs,", len(sim.Truth().Duplicates()), "duplicates")
	// Output:
	// seed=7,create:commit-reset=#3,*:429=0.1:2s
	// 0 HaVIPs, 0 duplicates
}

func ExampleParseFaults() {
	_, err := bcesim.ParseFaults("create:stall-before=0.05")
	fmt.Println(err)
	// Output: fault "create:stall-before=0.05": stall-before takes a duration, as in stall-before:2s
}
