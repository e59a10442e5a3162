package redisconn

import (
	"fmt"
	"strconv"
	"strings"
)

// The oldest version that has every command and option that the scripts use.
const (
	minMajor = 6
	minMinor = 2
)

// nodeState is what a server reports about itself.
type nodeState struct {
	info map[string]string
	// save are the RDB save points, in the form "3600 1 300 100"; known only if CONFIG is allowed.
	save      string
	knowsSave bool
	fsync     string
	// minReplicas is min-replicas-to-write, 0 if unset or unknown.
	minReplicas int
	replay      replay
	// cluster reports that the client uses the cluster protocol.
	cluster bool
}

// evaluate returns the findings for a server's state, the worst first. It is pure.
func evaluate(s nodeState) []Finding {
	var findings []Finding
	for _, rule := range []func(nodeState) *Finding{
		evaluateLoading, evaluateVersion, evaluateReplica, evaluateCluster, evaluateEviction,
		evaluatePersistence, evaluateReplay, evaluateFsync, evaluateWriteErrors, evaluateMemory, evaluateReplicas, evaluateUnknown,
	} {
		if finding := rule(s); finding != nil {
			findings = append(findings, *finding)
		}
	}
	return findings
}

func evaluateLoading(s nodeState) *Finding {
	if s.info["loading"] != "1" {
		return nil
	}
	return &Finding{
		Code: CodeLoading, Severity: SeverityError,
		What: "The server is still loading its data.",
		Why:  "It answers no command until it has loaded them.",
		Fix:  "Wait and try again; loading_eta_seconds in \"INFO persistence\" says how long.",
	}
}

func evaluateVersion(s nodeState) *Finding {
	version := s.info["redis_version"]
	if version == "" || atLeast(version, minMajor, minMinor) {
		return nil
	}
	return &Finding{
		Code: CodeVersion, Severity: SeverityError,
		What: fmt.Sprintf("The server's version is %s.", version),
		Why:  fmt.Sprintf("The queues and the ledger need commands of %d.%d.", minMajor, minMinor),
		Fix:  fmt.Sprintf("Use Redis %d.%d or newer, or Valkey.", minMajor, minMinor),
	}
}

// atLeast compares the first two numbers of a version. It accepts a version without numbers, which is not
// Redis's.
func atLeast(version string, major, minor int) bool {
	first, rest, _ := strings.Cut(version, ".")
	second, _, _ := strings.Cut(rest, ".")
	haveMajor, errMajor := strconv.Atoi(first)
	haveMinor, errMinor := strconv.Atoi(second)
	if errMajor != nil || errMinor != nil {
		return true
	}
	return haveMajor > major || haveMajor == major && haveMinor >= minor
}

func evaluateReplica(s nodeState) *Finding {
	if s.info["role"] != "slave" {
		return nil
	}
	what := fmt.Sprintf("The server is a replica of %s:%s.", s.info["master_host"], s.info["master_port"])
	if old := stale(s.info); old != "" {
		what = "The server may answer with old data: " + old + "."
	}
	return &Finding{
		Code: CodeReplica, Severity: SeverityError,
		What: what,
		Why:  "A replica refuses writes, or loses them at the next sync.",
		Fix:  "Set --redis to the URL of the master, or of its sentinels: redis-sentinel://host:26379/0?master=NAME.",
	}
}

func evaluateCluster(s nodeState) *Finding {
	if s.cluster || s.info["cluster_enabled"] != "1" {
		return nil
	}
	return &Finding{
		Code: CodeCluster, Severity: SeverityError,
		What: "The server runs in cluster mode.",
		Why:  "Used as a single server, it refuses every key of another node.",
		Fix:  "Write redis-cluster:// instead of redis:// in --redis.",
	}
}

// evaluateEviction refuses every policy that evicts, also without maxmemory, because that may be set later.
func evaluateEviction(s nodeState) *Finding {
	policy := s.info["maxmemory_policy"]
	if policy == "" || policy == "noeviction" {
		return nil
	}
	finding := Finding{
		Code: CodeEviction, Severity: SeverityError,
		What: fmt.Sprintf("maxmemory-policy is %s.", policy),
		Why:  "When its memory is full, the server would silently delete items and tasks, and a HaVIP whose item is deleted can be created twice.",
		Fix:  "Run \"redis-cli CONFIG SET maxmemory-policy noeviction\" and write it into redis.conf.",
	}
	if s.info["maxmemory"] == "0" {
		finding.What = fmt.Sprintf("maxmemory-policy is %s, although no maxmemory is set yet.", policy)
	}
	return &finding
}

func evaluatePersistence(s nodeState) *Finding {
	switch {
	case s.info["aof_enabled"] != "0":
		return nil // on, or not known
	case s.knowsSave && s.save == "":
		return &Finding{
			Code: CodePersistence, Severity: SeverityError,
			What: "Nothing is written to disk: the append-only file is off and there are no save points.",
			Why:  "A restart of Redis loses the records of all HaVIPs.",
			Fix:  appendOnlyFix,
		}
	case s.knowsSave:
		return &Finding{
			Code: CodeSnapshots, Severity: SeverityWarning,
			What: fmt.Sprintf("Only snapshots are written to disk (save %s); the append-only file is off.", s.save),
			Why:  "A crash of Redis loses all writes since the last snapshot, often minutes.",
			Fix:  appendOnlyFix,
		}
	}
	return &Finding{
		Code: CodeUnknown, Severity: SeverityWarning,
		What: "The append-only file is off, and the save points are not known because CONFIG is forbidden.",
		Why:  "Without either, a restart of Redis loses the records of all HaVIPs.",
		Fix:  "Enable the append-only file, or allow the user to run CONFIG GET.",
	}
}

const appendOnlyFix = "Run \"redis-cli CONFIG SET appendonly yes\" and write it into redis.conf."

func evaluateFsync(s nodeState) *Finding {
	if s.info["aof_enabled"] != "1" || s.fsync != "no" {
		return nil
	}
	return &Finding{
		Code: CodeFsync, Severity: SeverityNote,
		What: "The append-only file is written with appendfsync no.",
		Why:  "A crash of the machine loses what the kernel has not written yet, about 30 s.",
		Fix:  "Run \"redis-cli CONFIG SET appendfsync everysec\" and write it into redis.conf.",
	}
}

func evaluateWriteErrors(s nodeState) *Finding {
	var failing []string
	for _, name := range []string{"aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status"} {
		if status := s.info[name]; status != "" && status != "ok" {
			failing = append(failing, name+":"+status)
		}
	}
	if failing == nil {
		return nil
	}
	return &Finding{
		Code: CodeWriteErrors, Severity: SeverityWarning,
		What: fmt.Sprintf("The server could not write to its disk (%s).", strings.Join(failing, ", ")),
		Why:  "It may refuse writes until it can write again, and would lose data in a crash.",
		Fix:  "Look at its log, free disk space, and check the owner of its directory.",
	}
}

// fullAt is the percentage of maxmemory at which it is reported, so that there is time to act.
const fullAt = 90

// evaluateMemory reports a server that refuses writes for lack of memory, or soon will.
func evaluateMemory(s nodeState) *Finding {
	used, _ := strconv.ParseInt(s.info["used_memory"], 10, 64) // 0 if it is not known
	limit, _ := strconv.ParseInt(s.info["maxmemory"], 10, 64)
	if limit <= 0 || used*100 < limit*fullAt {
		return nil
	}
	what := fmt.Sprintf("%s of %s of memory is used (%d%%).", s.info["used_memory_human"], s.info["maxmemory_human"], used*100/limit)
	return &Finding{
		Code: CodeMemory, Severity: SeverityWarning,
		What: what,
		Why:  "When its memory is full, the server refuses writes: nothing is lost, and nothing is created until it has more memory.",
		Fix:  "Raise maxmemory with \"redis-cli CONFIG SET maxmemory BYTES\" and in redis.conf, or delete finished batches.",
	}
}

// maxLag is the longest time since a replica's last report; it reports every second.
const maxLag = 10

// evaluateReplicas reports a master with fewer replicas than it had, or than it needs to accept writes.
func evaluateReplicas(s nodeState) *Finding {
	if s.info["role"] != "master" {
		return nil
	}
	what, why := "", "A failover could lose the last writes, and commands that change something exit with 5."
	good, err := strconv.Atoi(s.info["min_slaves_good_slaves"])
	switch behind := laggingReplicas(s.info); {
	case err == nil && good < s.minReplicas:
		what = fmt.Sprintf("%d of the %d replicas that min-replicas-to-write requires are connected and up to date.", good, s.minReplicas)
		why = "The server refuses writes until there are enough."
	case s.info["connected_slaves"] == "0" && minExpected(s.info) > 0:
		what = "The server had a replica, and none is connected."
	case len(behind) > 0:
		what = fmt.Sprintf("Replicas do not keep up: %s.", strings.Join(behind, ", "))
	default:
		return nil
	}
	return &Finding{
		Code: CodeReplicas, Severity: SeverityWarning, What: what, Why: why,
		Fix: "Repair the replicas or the link to them; docs/RUNBOOK.md says how to remove one permanently.",
	}
}

// laggingReplicas returns the replicas that are not online or have not reported recently. INFO lists them as
// slave0:ip=10.0.0.2,port=6379,state=online,offset=42,lag=0.
func laggingReplicas(info map[string]string) []string {
	var behind []string
	for i := 0; ; i++ {
		text, found := info[fmt.Sprintf("slave%d", i)]
		if !found {
			return behind
		}
		facts := map[string]string{}
		for field := range strings.SplitSeq(text, ",") {
			name, value, _ := strings.Cut(field, "=")
			facts[name] = value
		}
		lag, err := strconv.Atoi(facts["lag"])
		if facts["state"] != "online" || err == nil && lag > maxLag {
			behind = append(behind, fmt.Sprintf("%s:%s (%s, last report %s s ago)", facts["ip"], facts["port"], facts["state"], facts["lag"]))
		}
	}
}

func evaluateUnknown(s nodeState) *Finding {
	var missing []string
	for _, name := range []string{"redis_version", "maxmemory_policy", "aof_enabled", "role"} {
		if s.info[name] == "" {
			missing = append(missing, name)
		}
	}
	if missing == nil {
		return nil
	}
	return &Finding{
		Code: CodeUnknown, Severity: SeverityWarning,
		What: fmt.Sprintf("The server does not report %s.", strings.Join(missing, ", ")),
		Why:  "It could not be verified that the server keeps what is written.",
		Fix:  "Allow the user to run INFO and CONFIG GET; or check by hand, and pass --allow-unverified-durability.",
	}
}
