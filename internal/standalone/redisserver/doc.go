// Package redisserver runs one redis-server as a child process.
//
// A [Process] is ready when [Start] returns: bound, loaded and accepting connections. From
// then on it ends in one of two ways: somebody signals it, or it dies of its own accord.
// Both close [Process.Done], and [Process.Err] then says why, with the end of its log.
//
// # It does not outlive its parent
//
// On Linux the kernel kills the child when its parent dies, SIGKILL included. The kernel
// ties that promise to the thread that forked, not to the process, and Go ends threads as
// it sees fit; so one goroutine, locked to its thread, forks the child and waits for it
// there. Other systems have no such promise: there an orphan lives on, and whoever shares
// its directory must hold a lock that the child inherits (Config.Inherit).
//
// # It does not hear Ctrl-C
//
// The child has a process group of its own, so that an interrupt at the terminal reaches
// only the parent, which still needs its Redis to finish what it is doing.
package redisserver
