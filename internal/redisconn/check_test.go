package redisconn

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"havip/test/redistest"
)

// brief is a finding without its texts.
type brief struct {
	Code     Code
	Severity Severity
}

func briefs(findings []Finding) []brief {
	var list []brief
	for _, f := range findings {
		list = append(list, brief{f.Code, f.Severity})
	}
	return list
}

func connect(t *testing.T, url string) redis.UniversalClient {
	t.Helper()
	client, err := Open(t.Context(), redistest.Patient(url))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// All with a real server.
func TestCheck(t *testing.T) {
	t.Parallel()
	durable := redistest.AppendOnly(redistest.EverySecond)
	acl := func(rules string) redistest.Option {
		return redistest.Lines("user limited on >pw ~* &* +@all " + rules)
	}
	for name, tt := range map[string]struct {
		options []redistest.Option
		user    string
		want    []brief
	}{
		"append only":               {[]redistest.Option{durable}, "", nil},
		"default disabled":          {[]redistest.Option{durable, acl(""), redistest.Lines("user default off -@all")}, "limited:pw@", []brief{{CodeReplay, SeverityWarning}}},
		"default disabled, allowed": {[]redistest.Option{durable, acl(""), redistest.Lines("user default off resetpass ~* &* +@all")}, "limited:pw@", nil},
		"default reads only":        {[]redistest.Option{durable, acl(""), redistest.Lines("user default on nopass ~* &* -@all +@read +@connection +info +config")}, "limited:pw@", []brief{{CodeReplay, SeverityWarning}}},
		"default has other keys":    {[]redistest.Option{durable, acl(""), redistest.Lines("user default on nopass resetkeys ~app:* &* +@all")}, "limited:pw@", []brief{{CodeReplay, SeverityWarning}}},
		"default disabled, no AOF":  {[]redistest.Option{acl(""), redistest.Lines("user default off -@all", "save 3600 1")}, "limited:pw@", []brief{{CodeSnapshots, SeverityWarning}}},
		"DRYRUN forbidden":          {[]redistest.Option{durable, acl("-acl"), redistest.Lines("user default off -@all")}, "limited:pw@", []brief{{CodeReplayUnknown, SeverityNote}}},
		"is the user default":       {[]redistest.Option{durable, redistest.Lines("user default on nopass ~* &* +@all -acl")}, "", nil},
		"fsync always":              {[]redistest.Option{redistest.AppendOnly(redistest.Always)}, "", nil},
		"fsync no":                  {[]redistest.Option{redistest.AppendOnly("no")}, "", []brief{{CodeFsync, SeverityNote}}},
		"nothing on disk":           {nil, "", []brief{{CodePersistence, SeverityError}}},
		"snapshots":                 {[]redistest.Option{redistest.Lines("save 3600 1")}, "", []brief{{CodeSnapshots, SeverityWarning}}},
		"evicts":                    {[]redistest.Option{durable, redistest.MaxMemoryPolicy("allkeys-lru"), redistest.Lines("maxmemory 100mb")}, "", []brief{{CodeEviction, SeverityError}}},
		"evicts volatile":           {[]redistest.Option{durable, redistest.MaxMemoryPolicy("volatile-ttl"), redistest.Lines("maxmemory 100mb")}, "", []brief{{CodeEviction, SeverityError}}},
		"would evict":               {[]redistest.Option{durable, redistest.MaxMemoryPolicy("allkeys-lru")}, "", []brief{{CodeEviction, SeverityError}}},
		"bounded, no eviction":      {[]redistest.Option{durable, redistest.Lines("maxmemory 100mb")}, "", nil},
		"cluster mode":              {[]redistest.Option{durable, redistest.Lines("cluster-enabled yes")}, "", []brief{{CodeCluster, SeverityError}}},
		"CONFIG forbidden, durable": {[]redistest.Option{durable, acl("-config")}, "limited:pw@", nil},
		"CONFIG forbidden, evicts":  {[]redistest.Option{durable, acl("-config"), redistest.MaxMemoryPolicy("allkeys-lru"), redistest.Lines("maxmemory 100mb")}, "limited:pw@", []brief{{CodeEviction, SeverityError}}},
		"CONFIG forbidden, no AOF":  {[]redistest.Option{acl("-config")}, "limited:pw@", []brief{{CodeUnknown, SeverityWarning}}},
		"CONFIG renamed, no AOF":    {[]redistest.Option{redistest.Lines(`rename-command CONFIG ""`)}, "", []brief{{CodeUnknown, SeverityWarning}}},
		"INFO renamed":              {[]redistest.Option{durable, redistest.Lines("rename-command INFO SECRET")}, "", []brief{{CodeUnknown, SeverityWarning}}},
		"memory is full":            {[]redistest.Option{durable, redistest.Lines("maxmemory 1mb")}, "", []brief{{CodeMemory, SeverityWarning}}},
		"too few replicas":          {[]redistest.Option{durable, redistest.Lines("min-replicas-to-write 1")}, "", []brief{{CodeReplicas, SeverityWarning}}},
		"INFO forbidden":            {[]redistest.Option{durable, acl("-info")}, "limited:pw@", []brief{{CodeUnknown, SeverityWarning}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t, tt.options...)
			findings, err := Check(t.Context(), connect(t, "redis://"+tt.user+server.Addr()))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, briefs(findings)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			for _, f := range findings {
				assertProse(t, f)
				if f.Node != server.Addr() {
					t.Errorf("node %q, want %q", f.Node, server.Addr())
				}
			}
		})
	}
}

// assertProse checks that what, why and fix are one sentence each.
func assertProse(t *testing.T, f Finding) {
	t.Helper()
	for name, sentence := range map[string]string{"what": f.What, "why": f.Why, "fix": f.Fix} {
		if !strings.HasSuffix(sentence, ".") || strings.Contains(sentence, "%!") {
			t.Errorf("%s: %s is no sentence: %q", f.Code, name, sentence)
		}
		if !strings.Contains(f.Error(), sentence) {
			t.Errorf("%s: Error() lacks its %s", f.Code, name)
		}
	}
}

func TestCheck_replica(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t, redistest.AppendOnly(redistest.EverySecond))
	host, port, err := net.SplitHostPort(master.Addr())
	if err != nil {
		t.Fatal(err)
	}
	replica := redistest.Start(t, redistest.AppendOnly(redistest.EverySecond), redistest.Lines("replicaof "+host+" "+port))
	findings, err := Check(t.Context(), connect(t, replica.URL()))
	if err != nil || len(findings) == 0 {
		t.Fatalf("findings %v, %v", findings, err)
	}
	if f := findings[len(findings)-1]; f.Code != CodeReplica || f.Severity != SeverityError || !strings.Contains(f.What, master.Addr()) {
		t.Errorf("finding %+v; want a refused replica of %s", f, master.Addr())
	}
}

func TestCheck_cluster(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Lines("cluster-enabled yes", "cluster-announce-ip 127.0.0.1", "maxmemory 100mb"), redistest.MaxMemoryPolicy("allkeys-lfu"))
	if err := server.Client(t).Do(t.Context(), "cluster", "addslotsrange", 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	client := New(Options{Mode: Cluster, Network: "tcp", Addrs: []string{server.Addr()}, DialTimeout: patience, ReadTimeout: patience, WriteTimeout: patience})
	defer func() { _ = client.Close() }()
	if err := WaitReady(t.Context(), client, Options{Mode: Cluster, Addrs: []string{server.Addr()}}, Patience{patience, patience}, nil); err != nil {
		t.Fatal(err)
	}
	findings, err := Check(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]brief{{CodeEviction, SeverityError}, {CodePersistence, SeverityError}}, briefs(findings)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if findings[0].Node != server.Addr() {
		t.Errorf("node %q, want %q", findings[0].Node, server.Addr())
	}
	if got := client.(*redis.ClusterClient).Options().ClusterStateReloadInterval; got != time.Second {
		t.Errorf("cluster map reloaded every %v", got)
	}
}

func TestCheck_unreachable(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := connect(t, server.URL())
	server.Kill()
	var failed *ConnError
	if _, err := Check(t.Context(), client); !errors.As(err, &failed) || failed.Cause != "connection refused" {
		t.Errorf("err = %v; want a refused connection", err)
	}
}

// A loading server is distinguished from a broken one, and waited for.
func TestWaitReady_loading(t *testing.T) {
	t.Parallel()
	// key-load-delay makes loading slow: 100 µs and more for each of 1,000,000 commands are minutes,
	// and the test takes the delay away when it has seen the server load. After every 1,024 commands
	// the server looks at its clients.
	const commands = 1_000_000
	server := redistest.Start(t, redistest.AppendOnly(redistest.Always), redistest.Lines("key-load-delay 100"))
	admin := server.Client(t)
	if err := admin.Incr(t.Context(), "key").Err(); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	server.AppendIncrements(t, "key", commands-1)
	var restarted sync.WaitGroup
	restarted.Go(func() { server.Restart(t) })
	defer restarted.Wait()

	options, err := Parse(t.Context(), redistest.Patient(server.URL()))
	if err != nil {
		t.Fatal(err)
	}
	var client redis.UniversalClient
	var causes []string
	var findings []Finding
	Told(func(err error) {
		var reason *ConnError
		if errors.As(err, &reason) {
			causes = append(causes, reason.Cause)
		}
		if redis.IsLoadingError(err) {
			findings, _ = Check(t.Context(), client)
			if err := admin.ConfigSet(t.Context(), "key-load-delay", "0").Err(); err != nil {
				t.Error(err)
			}
		}
	})(&options)
	client = New(options)
	defer func() { _ = client.Close() }()
	if err := WaitReady(t.Context(), client, options, Patience{patience, patience}, nil); err != nil {
		t.Fatal(err)
	}
	if len(causes) == 0 || !strings.HasPrefix(causes[len(causes)-1], "LOADING") {
		t.Errorf("waited for %q; want loading last", causes)
	}
	if len(findings) == 0 || findings[0].Code != CodeLoading || findings[0].Severity != SeverityError {
		t.Errorf("findings while loading: %v", briefs(findings))
	}
	if n, err := client.Get(t.Context(), "key").Int(); err != nil || n != commands {
		t.Errorf("%d of %d commands were loaded: %v", n, commands, err)
	}
}

// A wrong password is not waited for; a missing server is, until the context ends:
// here as soon as the reason is reported.
func TestWaitReady_givesUp(t *testing.T) {
	t.Parallel()
	secured := redistest.Start(t, redistest.Lines("requirepass right"))
	gone := redistest.Start(t)
	gone.Kill()
	for name, tt := range map[string]struct {
		url    string
		cause  string
		waited bool
	}{
		"wrong password, at once":    {"redis://:wrong@" + secured.Addr(), "WRONGPASS invalid username-password pair or user is disabled", false},
		"nobody there, when it ends": {gone.URL(), "connection refused", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options, err := Parse(t.Context(), redistest.Patient(tt.url))
			if err != nil {
				t.Fatal(err)
			}
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			waited := false
			var failed *ConnError
			Told(func(error) {
				waited = true
				leave()
			})(&options)
			client := New(options)
			defer func() { _ = client.Close() }()
			err = WaitReady(ctx, client, options, Patience{patience, patience}, nil)
			if !errors.As(err, &failed) || failed.Cause != tt.cause || waited != tt.waited {
				t.Errorf("err = %v, waited %t; want %s, %t", err, waited, tt.cause, tt.waited)
			}
		})
	}
}

// A stand-in without CONFIG and most of INFO is accepted.
func TestCheck_standIn(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	findings, err := Check(t.Context(), connect(t, "redis://"+server.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]brief{{CodeUnknown, SeverityWarning}}, briefs(findings)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// States that no real server here can have: too old, or unable to write.
func TestEvaluate(t *testing.T) {
	t.Parallel()
	healthy := map[string]string{
		"redis_version": "7.0.15", "maxmemory_policy": "noeviction", "aof_enabled": "1", "role": "master",
		"aof_last_write_status": "ok", "aof_last_bgrewrite_status": "ok", "rdb_last_bgsave_status": "ok",
	}
	for name, tt := range map[string]struct {
		change map[string]string
		want   []brief
	}{
		"healthy":               {nil, nil},
		"6.2":                   {map[string]string{"redis_version": "6.2.0"}, nil},
		"6.0":                   {map[string]string{"redis_version": "6.0.16"}, []brief{{CodeVersion, SeverityError}}},
		"5":                     {map[string]string{"redis_version": "5.0.14"}, []brief{{CodeVersion, SeverityError}}},
		"10.1":                  {map[string]string{"redis_version": "10.1.0"}, nil},
		"own numbering":         {map[string]string{"redis_version": "unstable"}, nil},
		"AOF fails":             {map[string]string{"aof_last_write_status": "err"}, []brief{{CodeWriteErrors, SeverityWarning}}},
		"snapshot fails":        {map[string]string{"rdb_last_bgsave_status": "err"}, []brief{{CodeWriteErrors, SeverityWarning}}},
		"memory is not full":    {map[string]string{"used_memory": "899", "maxmemory": "1000"}, nil},
		"memory is nearly full": {map[string]string{"used_memory": "900", "maxmemory": "1000"}, []brief{{CodeMemory, SeverityWarning}}},
		"no limit of memory":    {map[string]string{"used_memory": "900", "maxmemory": "0"}, nil},
		"replicas keep up":      {map[string]string{"connected_slaves": "1", "slave0": "ip=h,port=1,state=online,offset=1,lag=1"}, nil},
		"a replica lags":        {map[string]string{"connected_slaves": "1", "slave0": "ip=h,port=1,state=online,offset=1,lag=11"}, []brief{{CodeReplicas, SeverityWarning}}},
		"a replica is copied":   {map[string]string{"connected_slaves": "1", "slave0": "ip=h,port=1,state=wait_bgsave,offset=0,lag=0"}, []brief{{CodeReplicas, SeverityWarning}}},
		"a replica is gone":     {map[string]string{"connected_slaves": "0", "repl_backlog_active": "1"}, []brief{{CodeReplicas, SeverityWarning}}},
		"worst first": {
			map[string]string{"aof_last_write_status": "err", "redis_version": "5.0.0", "loading": "1"},
			[]brief{{CodeLoading, SeverityError}, {CodeVersion, SeverityError}, {CodeWriteErrors, SeverityWarning}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			info := map[string]string{}
			for _, source := range []map[string]string{healthy, tt.change} {
				for k, v := range source {
					info[k] = v
				}
			}
			findings := evaluate(nodeState{info: info, knowsSave: true, fsync: "always"})
			if diff := cmp.Diff(tt.want, briefs(findings)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			refused := Refused(findings) != nil
			if want := len(tt.want) > 0 && tt.want[0].Severity == SeverityError; refused != want {
				t.Errorf("Refused = %t, want %t", refused, want)
			}
			for _, f := range findings {
				assertProse(t, f)
			}
		})
	}
}
