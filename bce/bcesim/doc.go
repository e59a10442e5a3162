// Package bcesim simulates Baidu AI Cloud's HaVIP API as an [http.Handler]: an independent
// reading of its documentation, that says no where the documentation does, and that loses
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
// quotas, in memory. What the documentation leaves open, the simulator decides in the
// plainest way, and [Personality] decides otherwise.
//
// # Life of a call
//
// A call is logged and meets its faults first, as the network and a gateway stand before a
// server: it may stall or be turned away with nothing done. Then its signature, its route
// and its rate are judged. The operation itself happens in one piece under one lock,
// together with the look at its client token, so it happens once or not at all, and for a
// token never twice. Faults may then take the answer away from the caller, which changes
// nothing about what was done.
//
// A stall outlasts its caller. A client that gives up on a stalled create has not stopped
// it: as with a real server, the create happens later, when the client may have sent it
// again already.
//
// A fault that refuses or resets the connection does so once the request's header has been
// read, which is as early as an http.Handler exists. To the client it is a reset, not a
// refused connect. It needs HTTP/1.
//
// # Truth
//
// The simulator remembers what no client is told: every HaVIP ever made and the token, body
// and call that made it ([Server.Truth]), every call ([Server.Calls]), and counts, among
// them of requests that overlapped on one token ([Server.Stats]). Programs elsewhere on the
// machine read them at /_sim/truth, /_sim/calls and /_sim/stats, and steer the simulator at
// /_sim/faults and /_sim/clock; see [ControlPrefix].
package bcesim
