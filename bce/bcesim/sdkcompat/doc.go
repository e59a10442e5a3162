// Package sdkcompat has no code but a test: Baidu's own SDK, unmodified, against the
// simulator. It checks the simulator's reading of the documentation by the reading of those
// who wrote it. It is a module of its own so that the SDK, which nothing in this project may
// call, is in nobody's dependencies.
package sdkcompat
