// Package bcesim simulates Baidu AI Cloud's HaVIP API as an [http.Handler]: an independent
// reading of its documentation that refuses what the documentation forbids, and that loses
// answers, stalls and throttles on demand.
//
//	sim := bcesim.New(bcesim.Options{})
//	server := httptest.NewServer(sim)
//	defer server.Close()
//	defer sim.Close() // first: it ends stalls, which server.Close would wait for
//
// # What is simulated
//
// The nine HaVIP operations, GET /v1/subnet/{id} and GET /v1/vpc/{id}/privateIpAddressInfo:
// bce-auth-v1 signatures ([VerifyRequest]), client tokens, strict bodies, addresses and
// quotas, in memory. Where the documentation is open, the simulator takes the plainest reading,
// and [Personality] selects another.
//
// # Life of a call
//
// A call is logged and meets its faults first, like those of a network and a gateway in front of a
// server: it may stall or be refused with no effect. Then its signature, route and rate are
// checked. One lock makes the check of its client token and the operation one atomic step, so that
// a token never has an effect twice. Faults may then lose the answer, which changes nothing about
// the effect.
//
// A stall outlasts its caller: after a client has timed out on a stalled create, the create still
// happens, as on a real server, perhaps after the client's retry.
//
// A fault that refuses or resets the connection does so after the request's header was read, the
// earliest moment for an http.Handler. The client sees a reset, not a refused connection. It
// needs HTTP/1.
//
// # Truth
//
// The simulator records what no client sees: every HaVIP ever created with its token, body and call
// ([Server.Truth]), every call ([Server.Calls]), and counts, such as overlapping requests with one
// token ([Server.Stats]). Other programs on the machine read them at /_sim/truth, /_sim/calls and
// /_sim/stats, and control the simulator at /_sim/faults and /_sim/clock; see [ControlPrefix].
package bcesim
