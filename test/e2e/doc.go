// Package e2e tests the programs as their users run them: real processes of enqueue, worker and
// bcesim, built once, with the race detector if the tests are (`make test` leaves it out), and a real redis-server for each test. Everything
// is on loopback and ends with its test.
//
// # Scripts
//
// testdata/script holds one script a subject, with its files and expected output in one txtar
// archive: commands, exit codes, output formats, and what is said about wrong input. Besides
// testscript's own, a script has these commands:
//
//	exits CODE PROGRAM ARGS…   run it, and expect exactly this exit code
//	redis [LINE…]              start a redis-server with these lines of redis.conf
//	bcesim [ARGS…]             start a simulator
//	worker [ARGS…]             start a worker and wait until it is ready
//	stopworker                 SIGTERM to it; its output is then stdout and stderr
//	awaits PATTERN PROGRAM …   run it again and again until what it says matches
//	interrupt TEXT PROGRAM …   run it until it says TEXT on stderr, then SIGINT to it; it exits with 130
//	golden                     compare what the last of these said with testdata/golden
//	gate N, gate open          wait until N calls wait at the simulator's gate; let them go on
//	mask FILE                  print a file with all that differs from run to run replaced
//	octal FILE TEXT            write text, in which \ooo stands for a byte
//
// # Tests
//
// The tests kill, cut off and stop what the scripts only run. What they hold to is one
// sentence: whatever died, the simulator's truth and the ledger agree, item by item, on exactly
// one HaVIP for each row of the file.
//
// The programs under examples are built and run as well, those in Python and shell included: what a
// reader starts from works as it stands.
//
// Nothing sleeps: a test waits for a line of output, the end of a process or a state of the
// ledger, and each wait has a bound far beyond what it takes.
package e2e
