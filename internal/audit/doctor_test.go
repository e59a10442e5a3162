package audit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"

	"havip/bce"
	"havip/internal/lane"
	"havip/internal/queue"
	"havip/internal/redisconn"
	"havip/ledger"
	"havip/tasks"
)

// examine runs a doctor on the fixture and returns its diagnoses by code.
func (f *auditFixture) examine(t *testing.T, doctor Doctor) map[Code]Diagnosis {
	t.Helper()
	doctor.Redis = f.rdb
	if doctor.Now == nil {
		doctor.Now = f.clock.Now
	}
	if doctor.StaleAfter == 0 {
		doctor.StaleAfter = time.Nanosecond
	}
	doctor.UnservedAfter = time.Nanosecond
	said := map[Code]Diagnosis{}
	err := doctor.Examine(t.Context(), func(d Diagnosis) error {
		if d.Ails() && (d.Means == "" || d.Fix == "") {
			t.Errorf("%s does not say what it means and what to do: %+v", d.Code, d)
		}
		said[d.Code] = d
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return said
}

// ailing returns the codes of what is wrong, besides that no worker runs.
func ailing(said map[Code]Diagnosis) []string {
	var codes []string
	for code, d := range said {
		if d.Ails() && code != CodeNoWorker {
			codes = append(codes, string(code))
		}
	}
	return codes
}

func expect(t *testing.T, said map[Code]Diagnosis, code Code, what, repaired string) {
	t.Helper()
	d, found := said[code]
	if !found || !strings.Contains(d.What, what) {
		t.Errorf("%s: got %q, want %q; all: %v", code, d.What, what, ailing(said))
	}
	if d.Repaired != repaired {
		t.Errorf("%s: repaired %q, want %q", code, d.Repaired, repaired)
	}
}

func TestDoctorWhenAllIsWell(t *testing.T) {
	t.Parallel()
	f := newAuditFixture(t)
	f.clock.stop()
	f.enqueue(t, "a")
	info := ledger.WorkerInfo{Version: "v1", Lanes: []ledger.WorkerLane{{Lane: bj.String()}}}
	if err := errors.Join(f.ledger.Enter(t.Context(), "w1", nil), f.ledger.Describe(t.Context(), "w1", info)); err != nil {
		t.Fatal(err)
	}
	said := f.examine(t, Doctor{Lanes: []tasks.Lane{bj}, Open: f.open, Versions: "enqueue 1"})
	if got := ailing(said); len(got) > 0 || said[CodeNoWorker].What != "" {
		t.Errorf("ailing: %v, %s", got, said[CodeNoWorker].What)
	}
	expect(t, said, CodeVersions, "; enqueue 1.", "")
	expect(t, said, CodeClock, "This machine's clock is ", "")
	expect(t, said, CodeBCEClock, "BCE's clock is the same as this machine's, and the same as Redis's.", "")
	expect(t, said, CodeCredentials, "credentials work", "")
	expect(t, said, CodeWorkers, "1 worker alive: w1", "")
}

// A pause set by asynqmon stops the lane, and no other finding reports it.
func TestDoctorOfAPausedQueue(t *testing.T) {
	t.Parallel()
	f := newAuditFixture(t)
	f.enqueue(t, "a")
	if err := asynq.NewInspectorFromRedisClient(f.rdb).PauseQueue(bj.Queue()); err != nil {
		t.Fatal(err)
	}
	said := f.examine(t, Doctor{Lanes: []tasks.Lane{bj}, Open: f.open})
	expect(t, said, CodeQueuePaused, "1 task waits", "")
	if !said[CodeQueuePaused].Ails() {
		t.Error("nothing is wrong with it")
	}
}

// Redis lost the queue: --fix enqueues each item, and the next examination finds nothing.
func TestDoctorOfItemsWithoutTask(t *testing.T) {
	t.Parallel()
	f := newAuditFixture(t)
	f.enqueue(t, "a", "b", "c")
	f.create(t, "c")
	f.do(t, []any{"DEL", f.queueKey("pending"), f.taskKey("a"), f.taskKey("b"), f.taskKey("c")})
	said := f.examine(t, Doctor{})
	expect(t, said, CodeNoTask, "2 unfinished items have no task that would run: b/a, b/b", "")
	if n := f.rdb.LLen(t.Context(), f.queueKey("pending")).Val(); n != 0 {
		t.Errorf("without --fix, %d tasks were enqueued", n)
	}
	if got := ailing(f.examine(t, Doctor{StaleAfter: time.Hour})); len(got) != 0 {
		t.Errorf("items that only just moved: %v", got)
	}
	expect(t, f.examine(t, Doctor{Fix: true}), CodeNoTask, "2 unfinished items", "Queued 2 items again.")
	if got := f.state(t, "a") + f.state(t, "b"); got != "pendingpending" {
		t.Errorf("tasks are %s", got)
	}
	if got := ailing(f.examine(t, Doctor{})); len(got) > 0 {
		t.Errorf("after the repair: %v", got)
	}
}

// A completed or archived task does not run, and blocks its ID.
func TestDoctorOfItemsWhoseTaskEnded(t *testing.T) {
	t.Parallel()
	f := newAuditFixture(t)
	f.enqueue(t, "open", "done")
	f.create(t, "done")
	inspector := asynq.NewInspectorFromRedisClient(f.rdb)
	for _, key := range []string{"open", "done"} {
		if err := inspector.ArchiveTask(bj.Queue(), tasks.TaskID("b", key, 1)); err != nil {
			t.Fatal(err)
		}
	}
	foreign := asynq.NewTask(tasks.TypeCreate, []byte("not JSON"))
	if _, err := asynq.NewClientFromRedisClient(f.rdb).Enqueue(foreign, asynq.Queue(bj.Queue()), asynq.TaskID("foreign")); err != nil {
		t.Fatal(err)
	}
	if err := inspector.ArchiveTask(bj.Queue(), "foreign"); err != nil {
		t.Fatal(err)
	}
	said := f.examine(t, Doctor{})
	expect(t, said, CodeArchived, "3 tasks are archived", "")
	expect(t, said, CodeNoTask, "b/open", "")
	said = f.examine(t, Doctor{Fix: true})
	expect(t, said, CodeArchived, "3 tasks are archived", "Deleted 2 tasks; requeued 1 item.")
	if d := said[CodeArchived]; !d.Ails() {
		t.Error("the foreign task is left, and nobody is told")
	}
	left, err := f.rdb.ZRange(t.Context(), f.queueKey("archived"), 0, -1).Result()
	if diff := cmp.Diff([]string{"foreign"}, left); diff != "" || err != nil {
		t.Errorf("archived: %v %s", err, diff)
	}
	if got := f.state(t, "open"); got != "pending" {
		t.Errorf("the open item's task is %s", got)
	}
	if n := f.rdb.Exists(t.Context(), f.taskKey("done")).Val(); n != 0 {
		t.Error("the finished item's task is still there")
	}
}

// So does a completed task that asynq keeps.
func TestDoctorOfItemsWhoseTaskCompleted(t *testing.T) {
	t.Parallel()
	f := newAuditFixture(t)
	f.enqueue(t, "a")
	id := tasks.TaskID("b", "a", 1)
	f.do(t, []any{"DEL", f.queueKey("pending")}, []any{"HSET", f.taskKey("a"), "state", "completed"},
		[]any{"ZADD", f.queueKey("completed"), time.Now().Add(time.Hour).Unix(), id})
	expect(t, f.examine(t, Doctor{Fix: true}), CodeNoTask, "b/a", "Queued 1 item again.")
	if got := f.state(t, "a"); got != "pending" {
		t.Errorf("the task is %s", got)
	}
}

// A foreign task under an item's task ID is not the item's.
func TestDoctorLeavesStrangersInTheArchive(t *testing.T) {
	t.Parallel()
	f := newAuditFixture(t)
	f.enqueue(t, "a")
	f.create(t, "a")
	payload := tasks.Payload{Version: tasks.PayloadVersion, Batch: "b", Key: "a", Account: "default", Region: "bj"}
	payload.Request.Name, payload.Request.SubnetID = "other", "sbn-1"
	task := asynq.NewTask(tasks.TypeCreate, payload.Encode())
	info, err := asynq.NewClientFromRedisClient(f.rdb).Enqueue(task, asynq.TaskID(tasks.TaskID("b", "a", 1)+"/stranger"), asynq.Queue(bj.Queue()))
	if err != nil {
		t.Fatal(err)
	}
	if err := asynq.NewInspectorFromRedisClient(f.rdb).ArchiveTask(bj.Queue(), info.ID); err != nil {
		t.Fatal(err)
	}
	expect(t, f.examine(t, Doctor{Fix: true}), CodeArchived, "1 task is archived", "")
}

func TestDoctorOfOrphans(t *testing.T) {
	t.Parallel()
	f := newAuditFixture(t)
	f.enqueue(t, "unleased", "expired", "fresh", "leased")
	now := f.clock.stop()
	for key, lease := range map[string]int64{
		"expired": now.Add(-leaseGrace - time.Second).Unix(), "fresh": now.Add(-time.Second).Unix(), "leased": now.Add(time.Minute).Unix(),
	} {
		f.do(t, []any{"ZADD", f.queueKey("lease"), lease, tasks.TaskID("b", key, 1)})
	}
	for _, key := range []string{"unleased", "expired", "fresh", "leased"} {
		id := tasks.TaskID("b", key, 1)
		f.do(t, []any{"LREM", f.queueKey("pending"), 0, id}, []any{"LPUSH", f.queueKey("active"), id}, []any{"HSET", f.taskKey(key), "state", "active"})
	}
	said := f.examine(t, Doctor{})
	expect(t, said, CodeOrphaned, "2 tasks are active but not run by any worker (1 without a lease, 1 with an expired one)", "")
	if got := f.state(t, "unleased"); got != "active" {
		t.Errorf("without --fix, the task was moved: %s", got)
	}
	expect(t, f.examine(t, Doctor{Fix: true}), CodeOrphaned, "2 tasks are active", "Queued 2 tasks again.")
	for key, want := range map[string]string{"unleased": "pending", "expired": "pending", "fresh": "active", "leased": "active"} {
		if got := f.state(t, key); got != want {
			t.Errorf("%s is %s, want %s", key, got, want)
		}
	}
	active := f.rdb.LLen(t.Context(), f.queueKey("active")).Val()
	leases := f.rdb.ZCard(t.Context(), f.queueKey("lease")).Val()
	pending := f.rdb.LLen(t.Context(), f.queueKey("pending")).Val()
	if active != 2 || leases != 2 || pending != 2 {
		t.Errorf("%d active, %d leases, %d pending", active, leases, pending)
	}
	// asynq runs it like any other.
	if err := asynq.NewInspectorFromRedisClient(f.rdb).DeleteTask(bj.Queue(), tasks.TaskID("b", "unleased", 1)); err != nil {
		t.Error(err)
	}
}

func TestDoctorOfDanglingIDs(t *testing.T) {
	t.Parallel()
	f := newAuditFixture(t)
	f.enqueue(t, "a", "b")
	f.do(t, []any{"DEL", f.taskKey("a")}, []any{"LPUSH", f.queueKey("active"), "ghost-1"}, []any{"ZADD", f.queueKey("lease"), 1, "ghost-1"},
		[]any{"ZADD", f.queueKey("retry"), 1, "ghost-2"}, []any{"LPUSH", f.queueKey("pending"), "ghost-3"})
	said := f.examine(t, Doctor{})
	expect(t, said, CodeGhosts, "The queue has 4 ids of tasks that do not exist: ", "")
	if d, found := said[CodeOrphaned]; found {
		t.Errorf("a missing task is reported as active: %s", d.What)
	}
	if n := f.rdb.LLen(t.Context(), f.queueKey("pending")).Val(); n != 3 {
		t.Errorf("without --fix, %d of 3 pending", n)
	}
	said = f.examine(t, Doctor{Fix: true})
	expect(t, said, CodeGhosts, "4 ids", "Removed 4 ids.")
	expect(t, said, CodeNoTask, "b/a", "Queued 1 item again.")
	if got := ailing(f.examine(t, Doctor{})); len(got) > 0 {
		t.Errorf("after the repair: %v", got)
	}
	if n := f.rdb.LLen(t.Context(), f.queueKey("pending")).Val(); n != 2 {
		t.Errorf("%d of 2 pending", n)
	}
}

// Only both ends of a long list are read.
func TestDanglingIDsOfALongList(t *testing.T) {
	t.Parallel()
	f := newAuditFixture(t)
	f.enqueue(t, "a")
	ids := make([]any, 0, 3*queue.RangeSize+2)
	ids = append(ids, "RPUSH", f.queueKey("pending"))
	for i := range 3 * queue.RangeSize {
		ids = append(ids, fmt.Sprint("ghost-", i))
	}
	f.do(t, ids)
	expect(t, f.examine(t, Doctor{Fix: true}), CodeGhosts, "The queue has 1,999 ids", "Removed 1,999 ids.")
	if n := f.rdb.LLen(t.Context(), f.queueKey("pending")).Val(); n != queue.RangeSize+2 {
		t.Errorf("%d left", n)
	}
}

func TestDoctorOfLanes(t *testing.T) {
	t.Parallel()
	f := newAuditFixture(t)
	f.enqueue(t, "a")
	breaker := lane.NewBreaker(f.rdb, bj.String())
	admission, err := breaker.Admit(t.Context(), "sbn-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := breaker.Trip(t.Context(), admission, lane.Fault{Target: lane.TargetSubnet, Code: bce.CodeSubnetHasNoMoreIP, Message: "full"}); err != nil {
		t.Fatal(err)
	}
	said := f.examine(t, Doctor{})
	expect(t, said, CodeNoWorker, "No worker serves the lane; 1 task waits.", "")
	expect(t, said, CodeSuspended, "Subnet sbn-1 has been suspended for ", "")
	expect(t, said, CodeSuspended, "after 1 refusal: SubnetHasNoMoreIpException: full.", "")
	if fix := said[CodeNoWorker].Fix; !strings.Contains(fix, "`worker --lane default/bj`") {
		t.Error(fix)
	}
	const serve = "Run `enqueue run FILE`" // in a store that no worker can serve
	if fix := f.examine(t, Doctor{Serve: serve})[CodeNoWorker].Fix; !strings.HasPrefix(fix, serve) || strings.Contains(fix, "worker --lane") {
		t.Error(fix)
	}
	gz := tasks.Lane{Account: "default", Region: "gz"}
	if d := f.examine(t, Doctor{Lanes: []tasks.Lane{gz}})[CodeNoWorker]; d.Subject != "lane default/bj" {
		t.Errorf("last said of %s", d.Subject)
	}
}

func TestDoctorOfAPausedLane(t *testing.T) {
	t.Parallel()
	f := newAuditFixture(t)
	f.enqueue(t, "a")
	if _, _, err := lane.NewOperator(f.rdb, bj.String()).Pause(t.Context(), lane.Act{By: "li@host", Reason: "new key"}); err != nil {
		t.Fatal(err)
	}
	said := f.examine(t, Doctor{})
	expect(t, said, CodePaused, "li@host paused the lane ", "")
	expect(t, said, CodePaused, " ago: new key.", "")
	if said[CodePaused].Ails() {
		t.Error("what somebody wanted is no ailment")
	}
}

func TestDoctorOfTheFleet(t *testing.T) {
	t.Parallel()
	f := newAuditFixture(t)
	now := f.clock.stop()
	long := ledger.New(f.rdb, ledger.WithClock(func() time.Time { return now.Add(-time.Hour) }))
	if err := long.Enter(t.Context(), "w-silent", nil); err != nil {
		t.Fatal(err)
	}
	said := f.examine(t, Doctor{})
	expect(t, said, CodeWorkers, "No worker is alive.", "")
	expect(t, said, CodeDeadWorkers, "1 worker not heard from: w-silent (for 1h0m0s).", "")
	if err := f.ledger.Enter(t.Context(), "w-gone", []ledger.ClaimedItem{{Batch: "b", Key: "a"}, {Batch: "b", Key: "c"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.ledger.Leave(t.Context(), "w-gone"); err != nil {
		t.Fatal(err)
	}
	expect(t, f.examine(t, Doctor{}), CodeDeadWorkers, "2 items of dead workers not taken over yet: w-gone (2 items).", "")
	if beats, err := f.ledger.Beats(t.Context()); err != nil || len(beats) != 1 {
		t.Errorf("%v, %v on the roll: an examination is no worker", beats, err)
	}
}

func TestDoctorOfClocks(t *testing.T) {
	t.Parallel()
	f := newAuditFixture(t)
	now := f.clock.stop()
	for shift, want := range map[time.Duration]string{
		time.Hour: "1h0m0s ahead of Redis's", -time.Hour: "1h0m0s behind Redis's", time.Second: "",
	} {
		said := f.examine(t, Doctor{Now: func() time.Time { return now.Add(shift) }})
		if d := said[CodeClock]; d.Ails() != (want != "") || !strings.Contains(d.What, want) {
			t.Errorf("%s: got %+v", shift, d)
		}
	}
	// BCE's clock is read from its answer, even if that refuses the signature as too old.
	for _, ahead := range []time.Duration{10 * time.Minute, 2 * time.Hour} {
		f.sim.SetTime(now.Add(ahead))
		if d := f.examine(t, Doctor{Lanes: []tasks.Lane{bj}, Open: f.open})[CodeBCEClock]; !d.Ails() || !strings.Contains(d.What, "ahead of this machine's") {
			t.Errorf("BCE %s ahead: got %+v", ahead, d)
		}
	}
}

func TestDoctorOfCredentials(t *testing.T) {
	t.Parallel()
	f := newAuditFixture(t)
	none := fmt.Errorf("account: %w", bce.ErrNoCredentials)
	for name, test := range map[string]struct {
		err  error
		sky  *sky
		code Code
		what string
		ails bool
	}{
		"none":        {none, nil, CodeCredentials, "There are no credentials here", false},
		"half":        {errors.New("BCE_SECRET_ACCESS_KEY is not set"), nil, CodeCredentials, "BCE_SECRET_ACCESS_KEY is not set", true},
		"wrong":       {nil, &sky{errs: []error{api(403, bce.CodeInvalidAccessKeyID)}}, CodeCredentials, "BCE refuses the lane's credentials", true},
		"unreachable": {nil, &sky{errs: []error{&bce.Error{Op: "list havips", Kind: bce.KindDial}}}, CodeBCE, "BCE cannot be reached", true},
		"a gateway":   {nil, &sky{errs: []error{&bce.Error{Kind: bce.KindUnreadable, StatusCode: 502}}}, CodeBCE, "is an error, or cannot be read", true},
		"busy":        {nil, &sky{errs: []error{api(429, "Throttling")}}, CodeBCE, "is an error, or cannot be read", true},
	} {
		open := func(context.Context, tasks.Lane) (Cloud, error) { return test.sky, test.err }
		d := f.examine(t, Doctor{Lanes: []tasks.Lane{bj}, Open: open})[test.code]
		if !strings.Contains(d.What, test.what) || d.Ails() != test.ails {
			t.Errorf("%s: got %+v", name, d)
		}
	}
}

// The one request to BCE counts against the workers' budget for listings.
func TestDoctorKeepsTheLanesPace(t *testing.T) {
	t.Parallel()
	f, admitted := newAuditFixture(t), new(rate)
	f.examine(t, Doctor{Lanes: []tasks.Lane{bj}, Open: f.open, Reader: func(tasks.Lane) tasks.Reader { return tasks.Reader{Rate: admitted} }})
	if *admitted != 1 {
		t.Errorf("admitted %d times", *admitted)
	}
}

// Nothing is repaired in a Redis that may lose the repair.
func TestDoctorDoesNotRepairInAnUnfitRedis(t *testing.T) {
	t.Parallel()
	f := newAuditFixture(t, "maxmemory-policy allkeys-lru")
	f.enqueue(t, "a")
	f.do(t, []any{"DEL", f.queueKey("pending"), f.taskKey("a")})
	said := f.examine(t, Doctor{Fix: true})
	expect(t, said, redisconn.CodeEviction, "maxmemory-policy is allkeys-lru", "")
	expect(t, said, CodeNotRepaired, "Nothing is repaired", "")
	expect(t, said, CodeNoTask, "b/a", "")
	// One without persistence is repaired nevertheless.
	volatile := newAuditFixture(t, "appendonly no")
	volatile.enqueue(t, "a")
	volatile.do(t, []any{"DEL", volatile.queueKey("pending"), volatile.taskKey("a")})
	said = volatile.examine(t, Doctor{Fix: true})
	expect(t, said, redisconn.CodePersistence, "Nothing is written to disk", "")
	expect(t, said, CodeNoTask, "b/a", "Queued 1 item again.")
}

// A check that fails is reported, and the others continue.
func TestDoctorGoesOnAfterAFailedCheck(t *testing.T) {
	t.Parallel()
	f := newAuditFixture(t)
	f.enqueue(t, "a")
	f.do(t, []any{"DEL", f.queueKey("pending"), f.taskKey("a")}, []any{"SET", "havip:workers:{workers}:beats", "not a roll"})
	said := f.examine(t, Doctor{})
	expect(t, said, CodeUnchecked, "This could not be checked: heartbeats of workers: WRONGTYPE", "")
	expect(t, said, CodeNoTask, "b/a", "")
}

// A damaged item is reported with its key, and hides no other item without a task.
func TestDoctorReportsDamagedItems(t *testing.T) {
	t.Parallel()
	f := newAuditFixture(t)
	f.enqueue(t, "a", "b", "c")
	f.do(t, []any{"DEL", f.queueKey("pending"), f.taskKey("a"), f.taskKey("b"), f.taskKey("c")},
		[]any{"HSET", "havip:{b}:records", "a", "garbage"}, []any{"HSET", "havip:{b}:batch", "total", "many"}, []any{"HSET", "havip:{b}:specs", "c", `{"account":"default","region":"bj","body":"{"}`})
	said := f.examine(t, Doctor{Fix: true})
	expect(t, said, CodeUnreadable, `3 records cannot be read (of the newest 3 items, and their batches): the record of batch "b": field total: "many" is not a number from -1000000000 to 1000000000, item "a" of batch "b" cannot be read`, "")
	expect(t, said, CodeUnreadable, `item "c" of batch "b"`, "")
	expect(t, said, CodeNoTask, "b/b", "Queued 1 item again.")
}

// A HaVIP with the name and subnet of an item that was never sent is reported, unless an item owns it, or the item was
// sent.
func TestDoctorReportsTakenNames(t *testing.T) {
	t.Parallel()
	f := newAuditFixture(t)
	f.enqueue(t, "a", "b", "c", "d")
	f.create(t, "b") // the item's own
	owned, err := f.api.CreateHaVIPBody(t.Context(), "other-c", wanted("c", "").Body())
	if err != nil {
		t.Fatal(err)
	}
	f.claim(t, owned.HaVIPID, "c")
	strange, err := f.api.CreateHaVIPBody(t.Context(), "other-a", wanted("a", "").Body())
	if err != nil {
		t.Fatal(err)
	}
	said := f.examine(t, Doctor{Lanes: []tasks.Lane{bj}, Open: f.open})
	expect(t, said, CodeNameTaken, "1 HaVIP exists that this ledger did not create: "+strange.HaVIPID+` has the name and subnet of item "a" of batch "b"`, "")
}

func TestDoctorEnds(t *testing.T) {
	t.Parallel()
	f := newAuditFixture(t)
	stop := errors.New("stop")
	if err := (Doctor{Redis: f.rdb}).Examine(t.Context(), func(Diagnosis) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of the caller: got %v", err)
	}
	if err := f.rdb.Close(); err != nil {
		t.Fatal(err)
	}
	if err := (Doctor{Redis: f.rdb}).Examine(t.Context(), func(Diagnosis) error { return nil }); err == nil {
		t.Error("a Redis that is away is no error")
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		offset(0):                                             "the same as",
		offset(400 * time.Microsecond):                        "the same as",
		offset(3 * time.Millisecond):                          "3ms ahead of",
		offset(-90*time.Second - 1):                           "1m30s behind",
		coarse(2 * time.Second):                               "the same as",
		examples([]string{"a", "b"}):                          "a, b",
		examples(strings.Split("1234567", "")):                "1, 2, 3, 4, 5 and 2 more",
		strings.Join(distinct([]string{"a", "b", "b"}), "; "): "b (2 times); a",
		counted(1, "id") + counted(2, "id"):                   "1 id2 ids",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// Missing permissions are found even on a Redis that refuses writes; and the credentials are examined there
// as well.
func TestDoctorOfAnIllRedis(t *testing.T) {
	t.Parallel()
	f := newAuditFixture(t)
	f.do(t, []any{"ACL", "SETUSER", "default", "-wait"}, []any{"CONFIG", "SET", "min-replicas-to-write", 1})
	refused := func(tasks.Lane) tasks.Reader { return tasks.Reader{Rate: lane.NewLimiter(f.rdb, "bj", 1, 1)} }
	said := f.examine(t, Doctor{Lanes: []tasks.Lane{bj}, Open: f.open, Reader: refused})
	expect(t, said, redisconn.CodeACL, "WAIT", "")
	expect(t, said, redisconn.CodeReplicas, "min-replicas-to-write", "")
	expect(t, said, CodeCredentials, "credentials work", "")
}
