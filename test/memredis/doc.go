// Package memredis is a Redis in the memory of the test process, driven through a real go-redis client: no
// network, no connection, no goroutine. It is for simulations that run many stories a second, cut a story
// off at any write, and go back to any moment of it.
//
// It answers as Redis 7.0 does, which a differential test holds. What it does not know it refuses, by name. It
// differs on purpose where Redis is random, blocks, or is vague:
//
//   - Fields of hashes, members of sets and keys come in the order of their bytes. HRANDFIELD takes the first.
//   - XREAD with BLOCK answers at once that there is nothing.
//   - MAXLEN ~ removes entries by the hundred, as Redis does while they are small.
//   - MEMORY USAGE is the size of what is stored.
//   - In scripts there is no random number, and no table of globals. A number that .. makes text is never cut off
//     at 14 digits, and objects are encoded in the order in which their fields were set.
//   - PUBLISH reaches nobody, and nobody can subscribe, watch, or block.
package memredis
