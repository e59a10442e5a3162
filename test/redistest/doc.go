// Package redistest gives each test a real redis-server of its own.
//
//	server := redistest.Start(t)
//	client := server.Client(t)
//
// A server lives in a temporary directory, on a loopback port that nobody else gets while
// the test runs, and dies with its test. Nothing is shared, so tests run in parallel and
// nobody flushes a database that is not theirs. A start takes some 10–20 ms.
//
// A [Server] can be treated as badly as a real one is: [Server.Kill] is kill -9,
// [Server.Stop] makes it hang with its connections open, and [Server.Restart] brings it
// back with whatever its persistence kept.
package redistest
