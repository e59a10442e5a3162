// Package redisserver runs one redis-server as a child process.
//
// A [Process] is ready when [Start] returns: bound, loaded and accepting connections. When it ends, by a signal or by
// itself, [Process.Done] is closed, and [Process.Err] says why, with the end of its log.
//
// # It does not outlive its parent
//
// On Linux the kernel kills the child when its parent dies, even by SIGKILL. The kernel does so when the thread that
// forked ends, and Go may end threads; so one goroutine, locked to its thread, forks the child and waits for it. On
// other systems an orphan continues, so programs that share its directory must use a lock that the child inherits
// (Config.Inherit).
//
// # It does not receive Ctrl-C
//
// The child has its own process group, so that an interrupt at the terminal reaches only the parent, which still needs
// its Redis to finish.
package redisserver
