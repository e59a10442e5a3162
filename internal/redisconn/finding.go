package redisconn

import "fmt"

// Severity says what to do about a [Finding]. The words are a contract.
type Severity string

// The severities, the worst first.
const (
	// SeverityError: work on this Redis could lose items or create them twice; do not start.
	SeverityError Severity = "error"
	// SeverityWarning: work is possible, but a crash of Redis may lose data.
	SeverityWarning Severity = "warning"
	// SeverityNote: worth knowing; nothing is wrong.
	SeverityNote Severity = "note"
)

// Severities lists every severity, the worst first.
func Severities() []Severity { return []Severity{SeverityError, SeverityWarning, SeverityNote} }

// Code identifies a [Finding]; scripts may rely on it.
type Code string

// The codes of [Check].
const (
	CodeLoading     Code = "redis-loading"
	CodeVersion     Code = "redis-version"
	CodeReplica     Code = "redis-replica"
	CodeCluster     Code = "redis-cluster-mode"
	CodeEviction    Code = "redis-eviction"
	CodePersistence Code = "redis-persistence"
	CodeSnapshots   Code = "redis-snapshots-only"
	CodeFsync       Code = "redis-fsync"
	CodeWriteErrors Code = "redis-write-errors"
	CodeMemory      Code = "redis-memory"
	CodeReplicas    Code = "redis-replicas"
	// CodeReplay: the server would drop what scripts have written when it starts. CodeReplayUnknown: that could not be checked.
	CodeReplay        Code = "redis-replay"
	CodeReplayUnknown Code = "redis-replay-unknown"
	// CodeACL is about commands that the user may not run; see [MissingPermissions].
	CodeACL Code = "redis-acl"
	// CodeUnknown: the server does not report whether it keeps what is written.
	CodeUnknown Code = "redis-unknown"
)

// Finding is one fact about a server for the operator. What, Why and Fix are a sentence each.
type Finding struct {
	Code     Code
	Severity Severity
	// Node is the address of the server, or of one master of a cluster.
	Node string
	// What was found, Why it matters to this project, and the Fix.
	What, Why, Fix string
}

// Error makes a finding usable as the error of a program that refuses to start.
func (f Finding) Error() string {
	return fmt.Sprintf("redis %s: %s %s %s", f.Node, f.What, f.Why, f.Fix)
}

// Refused returns the first finding that forbids starting, as an error, or nil.
func Refused(findings []Finding) error {
	for _, finding := range findings {
		if finding.Severity == SeverityError {
			return finding
		}
	}
	return nil
}

// Unverified returns the finding that the server does not report whether it keeps what is written, as an error, or nil.
func Unverified(findings []Finding) error {
	for _, finding := range findings {
		if finding.Code == CodeUnknown {
			return finding
		}
	}
	return nil
}
