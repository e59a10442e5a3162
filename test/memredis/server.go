package memredis

import (
	"path"
	"strconv"
	"strings"
)

var serverCommands = map[string]command{
	"PING":    {1, 2, ping},
	"ECHO":    {2, 2, echo},
	"TIME":    {1, 1, timeOf},
	"INFO":    {1, -1, info},
	"CONFIG":  {3, 3, outside(configGet)},
	"WAIT":    {3, 3, func(*Store, []string) (reply, error) { return integer(0), nil }},
	"PUBLISH": {3, 3, func(*Store, []string) (reply, error) { return integer(0), nil }},
	"MEMORY":  {3, 5, memoryUsage},
	"SELECT":  {2, 2, selectDB},
}

func ping(_ *Store, args []string) (reply, error) {
	if len(args) == 2 {
		return bulk(args[1]), nil
	}
	return status("PONG"), nil
}

func echo(_ *Store, args []string) (reply, error) { return bulk(args[1]), nil }

func timeOf(s *Store, _ []string) (reply, error) {
	micros := s.at.UnixMicro()
	return array(bulk(strconv.FormatInt(micros/1e6, 10)), bulk(strconv.FormatInt(micros%1e6, 10))), nil
}

func selectDB(_ *Store, args []string) (reply, error) {
	if args[1] != "0" {
		return replyNil, Error("ERR DB index is out of range")
	}
	return replyOK, nil
}

// infoText is of a master alone that loses nothing.
const infoText = `# Server
redis_version:7.0.15
redis_mode:standalone

# Memory
maxmemory:0
maxmemory_policy:noeviction

# Persistence
loading:0
aof_enabled:1
aof_last_write_status:ok
rdb_last_bgsave_status:ok

# Replication
role:master
connected_slaves:0

# Cluster
cluster_enabled:0
`

func info(*Store, []string) (reply, error) {
	return bulk(strings.ReplaceAll(infoText, "\n", "\r\n")), nil
}

var config = [][2]string{
	{"appendfsync", "always"},
	{"appendonly", "yes"},
	{"maxmemory", "0"},
	{"maxmemory-policy", "noeviction"},
	{"save", ""},
}

func configGet(_ *Store, args []string) (reply, error) {
	if !strings.EqualFold(args[1], "GET") {
		return replyNil, errorf("ERR unknown command 'config %s' (memredis)", args[1])
	}
	answer := reply{shape: shapeMap, list: []reply{}}
	for _, pair := range config {
		if ok, err := path.Match(strings.ToLower(args[2]), pair[0]); ok && err == nil {
			answer.list = append(answer.list, bulk(pair[0]), bulk(pair[1]))
		}
	}
	return answer, nil
}

func memoryUsage(s *Store, args []string) (reply, error) {
	if !strings.EqualFold(args[1], "USAGE") {
		return replyNil, errorf("ERR unknown command 'memory %s' (memredis)", args[1])
	}
	e := s.find(args[2])
	if e == nil {
		return replyNil, nil
	}
	return integer(len(args[2]) + e.value.size()), nil
}
