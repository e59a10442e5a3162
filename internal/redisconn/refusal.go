package redisconn

import (
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"
)

const (
	adviceUser     = "put the right user and password into the URL of --redis or HAVIP_REDIS_URL (redis://user:password@host:port/0)"
	adviceGrant    = "grant it to the user, who is named by ACL WHOAMI: docs/RUNBOOK.md, section ACL, has the rules"
	adviceLoading  = "it answers when its data is read"
	adviceBusy     = "wait, or end what runs with \"redis-cli SCRIPT KILL\""
	adviceMemory   = "nothing is lost: raise maxmemory, or free memory, and all goes on"
	adviceDisk     = "it refuses writes until its disk takes them: see its log, free space, and check its directory's owner"
	adviceReplicas = "it takes writes when as many replicas as min-replicas-to-write are connected: bring them back"
	adviceReplica  = "the server is a replica; name the master, or its sentinels with redis-sentinel://"
	adviceCluster  = "the server belongs to a cluster; write redis-cluster:// in place of redis://"
	adviceProtect  = "set a password on the server, or bind it to an address you trust"
	adviceClients  = "raise maxclients, or end clients that nobody needs (see CLIENT LIST)"
	adviceCommand  = "the server does not know a command that is needed: it was renamed, or is no Redis 6.2 or newer"
)

// refusal is an answer of a server that does not do what it was asked.
type refusal struct {
	// words begin the answer.
	words  string
	advice string
	kind   kind
}

// refusals are in the order in which they are looked for in a text.
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
	{"READONLY ", adviceReplica, kindRefusing},
	{"OOM ", adviceMemory, kindRefusing},
	{"MISCONF ", adviceDisk, kindRefusing},
	{"This instance has cluster support disabled", "write redis:// in place of redis-cluster://", kindLasting},
	{"MOVED ", adviceCluster, kindLasting},
	{"CROSSSLOT ", adviceCluster, kindLasting},
}

// diagnoseReply reads an error that the server itself sent. asynq keeps only its text, after "redis".
func (x explainer) diagnoseReply(err error) diagnosis {
	var reply redis.Error
	if !errors.As(err, &reply) && !strings.Contains(err.Error(), "redis ") || errors.Is(err, redis.Nil) {
		return diagnosis{}
	}
	text := ownWords(err)
	for _, r := range refusals {
		// A script repeats what a command of it was told; Redis 6 puts other words in front.
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

// ownWords is the first sentence of what the server said.
func ownWords(err error) string {
	text := err.Error()
	var reply redis.Error
	if errors.As(err, &reply) {
		text = reply.Error()
	}
	text, _, _ = strings.Cut(strings.TrimPrefix(text, "ERR "), " script: ")
	text, _, _ = strings.Cut(text, ". ")
	return strings.TrimRight(strings.TrimSpace(text), ".")
}

// unknownCommand reports whether the server does not know a command.
func unknownCommand(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply) && strings.HasPrefix(strings.TrimPrefix(reply.Error(), "ERR "), "unknown command")
}
