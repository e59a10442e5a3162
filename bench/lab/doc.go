// Package lab is what the measurements share: a fresh redis-server, the real enqueue program, files of
// rows, a slow connection, and claims that hold or fail.
//
// Everything runs on loopback, in a directory of its own, and ends with the measurement. Peak memory
// is read from /proc, so the measurements run on Linux.
package lab
