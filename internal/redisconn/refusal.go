package redisconn

import (
	"errors"
	"regexp"
	"strings"

	"github.com/redis/go-redis/v9"
)

const (
	adviceUser     = "put the right user and password into the URL of --redis or HAVIP_REDIS_URL (redis://user:password@host:port/0)"
	adviceGrant    = "grant the permission to the user (see ACL WHOAMI): the ACL section of docs/RUNBOOK.md has the rules"
	adviceLoading  = "wait until it has loaded its data"
	adviceBusy     = "wait, or end the running script with \"redis-cli SCRIPT KILL\""
	adviceMemory   = "raise maxmemory, or free memory, then repeat what was refused; workers continue by themselves"
	adviceDisk     = "it refuses writes until it can save to disk: look at its log, free disk space, and check the owner of its directory"
	adviceReplicas = "it accepts writes again when min-replicas-to-write replicas are connected: repair the replicas"
	adviceReplica  = "the server is a replica; use the URL of the master, or of its sentinels with redis-sentinel://"
	adviceCluster  = "the server belongs to a cluster; write redis-cluster:// instead of redis://"
	adviceProtect  = "set a password on the server, or bind it to a trusted address"
	adviceClients  = "raise maxclients, or close unused clients (see CLIENT LIST)"
	adviceCommand  = "the server lacks a required command: it was renamed, or the server is older than Redis 6.2"
)

// refusal is an error reply of a server.
type refusal struct {
	// words are the start of the reply.
	words  string
	advice string
	kind   kind
}

// refusals are searched for in a text in this order.
var refusals = []refusal{
	{"WRONGPASS ", adviceUser, kindLasting},
	{"NOAUTH ", adviceUser, kindLasting},
	{"unauthenticated", adviceUser, kindLasting},
	{"NOPERM ", adviceGrant, kindLasting},
	{"ACL failure in script", adviceGrant, kindLasting},         // Redis 7.2
	{"The user executing the script", adviceGrant, kindLasting}, // before
	{"DENIED ", adviceProtect, kindLasting},
	{"max number of clients", adviceClients, kindPassing},
	{"LOADING ", adviceLoading, kindPassing},
	{"BUSY ", adviceBusy, kindPassing},
	{"NOREPLICAS ", adviceReplicas, kindPassing},
	{"CLUSTERDOWN ", adviceFailover, kindPassing},
	{"MASTERDOWN ", adviceFailover, kindPassing},
	{"TRYAGAIN ", adviceFailover, kindPassing},
	{"UNBLOCKED ", adviceFailover, kindPassing}, // a read that waited on a master that became a replica
	{"READONLY ", adviceReplica, kindRefusing},
	{"OOM ", adviceMemory, kindRefusing},
	{"MISCONF ", adviceDisk, kindRefusing},
	{"This instance has cluster support disabled", "write redis:// instead of redis-cluster://", kindLasting},
	{"MOVED ", adviceCluster, kindLasting},
	{"CROSSSLOT ", adviceCluster, kindLasting},
}

// diagnoseReply explains an error that the server sent. asynq keeps only its text, after "redis".
func (x explainer) diagnoseReply(err error) diagnosis {
	var reply redis.Error
	if err == nil || !errors.As(err, &reply) && !strings.Contains(err.Error(), "redis ") || errors.Is(err, redis.Nil) {
		return diagnosis{}
	}
	text := ownWords(err)
	for _, r := range refusals {
		// A script's error contains its command's error; in Redis 6, after other words.
		if !strings.HasPrefix(text, r.words) && !strings.Contains(text, " "+r.words) && !strings.Contains(text, "-"+r.words) {
			continue
		}
		if r.words == "READONLY " && x.options.Mode != Single && x.options.Mode != "" {
			return diagnosis{text, adviceFailover, kindPassing}
		}
		return diagnosis{text, r.advice, r.kind}
	}
	return diagnosis{}
}

// failedScript is what Redis adds to the error of a script's command: which script, and where in it.
var failedScript = regexp.MustCompile(` script: [0-9a-f]{40}.*`)

// ownWords is the first sentence of the server's reply.
func ownWords(err error) string {
	text := err.Error()
	var reply redis.Error
	if errors.As(err, &reply) {
		text = reply.Error()
	}
	text = failedScript.ReplaceAllString(strings.TrimPrefix(text, "ERR "), "")
	text, _, _ = strings.Cut(text, ". ")
	return strings.TrimRight(strings.TrimSpace(text), ".")
}

// unknownCommand reports whether the server does not know a command.
func unknownCommand(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply) && strings.HasPrefix(strings.TrimPrefix(reply.Error(), "ERR "), "unknown command")
}
