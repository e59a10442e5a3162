// Command busy runs the test suite on a machine that is made slow, several times, and names what fails.
//
//	busy [-loops 4] [-times 3] [-stops] [-seed N] [-- GO TEST ARGUMENTS]
//
// -loops busy loops take the processors away; -stops sends SIGSTOP to random processes of the suite, and
// SIGCONT after a moment. GOMAXPROCS in the environment is the suite's as well. Each run has a seed of its
// own, which is both its order of tests (-shuffle) and what decides which process is stopped when; a
// failure is printed with its seed and the end of its output. The exit code is 1 if any run failed.
//
// It is what an issue is tried with before it is called done: `make test-busy`.
package main
