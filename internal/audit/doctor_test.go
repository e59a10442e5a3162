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

// examine runs a doctor over the site, and answers its diagnoses by code.
func (s *site) examine(t *testing.T, doctor Doctor) map[Code]Diagnosis {
	t.Helper()
	doctor.Redis = s.rdb
	if doctor.StaleAfter == 0 {
		doctor.StaleAfter = time.Nanosecond
	}
	doctor.SecondLook = time.Nanosecond
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

// ailing are the codes of what is wrong, besides that no worker runs.
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

func TestDoctorOfAHealthySite(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.enqueue(t, "a")
	if err := s.ledger.Enter(t.Context(), "w1", nil); err != nil {
		t.Fatal(err)
	}
	server := asynq.NewServerFromRedisClient(s.rdb, asynq.Config{Queues: map[string]int{bj.Queue(): 1}, LogLevel: asynq.FatalLevel})
	s.do(t, []any{"SET", s.queueKey("paused"), 1})
	if err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error { return nil })); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	s.awaitServer(t)
	said := s.examine(t, Doctor{Lanes: []tasks.Lane{bj}, Open: s.open, Versions: "enqueue 1"})
	if got := ailing(said); len(got) > 0 || said[CodeNoWorker].What != "" {
		t.Errorf("ailing: %v, %s", got, said[CodeNoWorker].What)
	}
	expect(t, said, CodeVersions, "; enqueue 1.", "")
	expect(t, said, CodeClock, "This machine's clock is ", "")
	expect(t, said, CodeBCEClock, "BCE's clock is the same as this machine's, and the same as Redis's.", "")
	expect(t, said, CodeCredentials, "are good", "")
	expect(t, said, CodeWorkers, "1 worker alive: w1", "")
	expect(t, said, CodePaused, "1 task waits", "")
}

// awaitServer waits for the server's first entry in asynq's roll, which it writes as it starts.
func (s *site) awaitServer(t *testing.T) {
	t.Helper()
	inspector := asynq.NewInspectorFromRedisClient(s.rdb)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		servers, err := inspector.Servers()
		if err != nil {
			t.Fatal(err)
		}
		if len(servers) > 0 {
			return
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("no server")
		}
	}
}

// Redis lost the queue: with --fix each item has a task again, and examined once more all is well.
func TestDoctorOfItemsWithoutTask(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.enqueue(t, "a", "b", "c")
	s.create(t, "c")
	s.do(t, []any{"DEL", s.queueKey("pending"), s.taskKey("a"), s.taskKey("b"), s.taskKey("c")})
	said := s.examine(t, Doctor{})
	expect(t, said, CodeNoTask, "2 unfinished items have no task that would run: b/a, b/b", "")
	if n := s.rdb.LLen(t.Context(), s.queueKey("pending")).Val(); n != 0 {
		t.Errorf("without --fix, %d tasks were enqueued", n)
	}
	if got := ailing(s.examine(t, Doctor{StaleAfter: time.Hour})); len(got) != 0 {
		t.Errorf("items that only just moved: %v", got)
	}
	expect(t, s.examine(t, Doctor{Fix: true}), CodeNoTask, "2 unfinished items", "Queued 2 items again.")
	if got := s.state(t, "a") + s.state(t, "b"); got != "pendingpending" {
		t.Errorf("tasks are %s", got)
	}
	if got := ailing(s.examine(t, Doctor{})); len(got) > 0 {
		t.Errorf("after the repair: %v", got)
	}
}

// A completed or archived task is none that will run, and its ID is in the way.
func TestDoctorOfItemsWhoseTaskEnded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.enqueue(t, "open", "done")
	s.create(t, "done")
	inspector := asynq.NewInspectorFromRedisClient(s.rdb)
	for _, key := range []string{"open", "done"} {
		if err := inspector.ArchiveTask(bj.Queue(), tasks.TaskID("b", key, 1)); err != nil {
			t.Fatal(err)
		}
	}
	foreign := asynq.NewTask(tasks.TypeCreate, []byte("not JSON"))
	if _, err := asynq.NewClientFromRedisClient(s.rdb).Enqueue(foreign, asynq.Queue(bj.Queue()), asynq.TaskID("foreign")); err != nil {
		t.Fatal(err)
	}
	if err := inspector.ArchiveTask(bj.Queue(), "foreign"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ledger.NoteAddress(t.Context(), "b", "done", s.haVIPOf(t, "done"), "10.0.0.1"); err != nil {
		t.Fatal(err)
	}
	said := s.examine(t, Doctor{})
	expect(t, said, CodeArchived, "3 tasks are archived", "")
	expect(t, said, CodeNoTask, "b/open", "")
	said = s.examine(t, Doctor{Fix: true})
	expect(t, said, CodeArchived, "3 tasks are archived", "Deleted 2 tasks; queued 1 item again.")
	if d := said[CodeArchived]; !d.Ails() {
		t.Error("the foreign task is left, and nobody is told")
	}
	left, err := s.rdb.ZRange(t.Context(), s.queueKey("archived"), 0, -1).Result()
	if diff := cmp.Diff([]string{"foreign"}, left); diff != "" || err != nil {
		t.Errorf("archived: %v %s", err, diff)
	}
	if got := s.state(t, "open"); got != "pending" {
		t.Errorf("the open item's task is %s", got)
	}
	if n := s.rdb.Exists(t.Context(), s.taskKey("done")).Val(); n != 0 {
		t.Error("the finished item's task is still there")
	}
}

func (s *site) haVIPOf(t *testing.T, key string) string {
	t.Helper()
	item, err := s.ledger.Item(t.Context(), "b", key)
	if err != nil {
		t.Fatal(err)
	}
	return item.Record.HaVIPID
}

// So is one that asynq keeps because it was completed.
func TestDoctorOfItemsWhoseTaskCompleted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.enqueue(t, "a")
	id := tasks.TaskID("b", "a", 1)
	s.do(t, []any{"DEL", s.queueKey("pending")}, []any{"HSET", s.taskKey("a"), "state", "completed"},
		[]any{"ZADD", s.queueKey("completed"), time.Now().Add(time.Hour).Unix(), id})
	expect(t, s.examine(t, Doctor{Fix: true}), CodeNoTask, "b/a", "Queued 1 item again.")
	if got := s.state(t, "a"); got != "pending" {
		t.Errorf("the task is %s", got)
	}
}

// A task under an item's name that asks for something else is not taken for the item's.
func TestDoctorLeavesStrangersInTheArchive(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.enqueue(t, "a")
	s.create(t, "a")
	other := ledger.Item{Batch: "b", Spec: ledger.Spec{Key: "a", Account: "default", Region: "bj", Body: string(wanted("other", "").Body())}}
	other.Record.Generation = 1
	task, options, err := tasks.TaskOf(other, "stranger")
	if err != nil {
		t.Fatal(err)
	}
	info, err := asynq.NewClientFromRedisClient(s.rdb).Enqueue(task, options...)
	if err != nil {
		t.Fatal(err)
	}
	if err := asynq.NewInspectorFromRedisClient(s.rdb).ArchiveTask(bj.Queue(), info.ID); err != nil {
		t.Fatal(err)
	}
	expect(t, s.examine(t, Doctor{Fix: true}), CodeArchived, "1 task is archived", "")
}

func TestDoctorOfOrphans(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.enqueue(t, "unleased", "expired", "fresh", "held")
	now := time.Now()
	for key, lease := range map[string]int64{
		"expired": now.Add(-leaseGrace - time.Second).Unix(), "fresh": now.Add(-time.Second).Unix(), "held": now.Add(time.Minute).Unix(),
	} {
		s.do(t, []any{"ZADD", s.queueKey("lease"), lease, tasks.TaskID("b", key, 1)})
	}
	for _, key := range []string{"unleased", "expired", "fresh", "held"} {
		id := tasks.TaskID("b", key, 1)
		s.do(t, []any{"LREM", s.queueKey("pending"), 0, id}, []any{"LPUSH", s.queueKey("active"), id}, []any{"HSET", s.taskKey(key), "state", "active"})
	}
	said := s.examine(t, Doctor{})
	expect(t, said, CodeOrphaned, "2 tasks are active and in nobody's hands (1 without a lease, 1 past it)", "")
	if got := s.state(t, "unleased"); got != "active" {
		t.Errorf("without --fix, the task was moved: %s", got)
	}
	expect(t, s.examine(t, Doctor{Fix: true}), CodeOrphaned, "2 tasks are active", "Queued 2 tasks again.")
	for key, want := range map[string]string{"unleased": "pending", "expired": "pending", "fresh": "active", "held": "active"} {
		if got := s.state(t, key); got != want {
			t.Errorf("%s is %s, want %s", key, got, want)
		}
	}
	active := s.rdb.LLen(t.Context(), s.queueKey("active")).Val()
	leases := s.rdb.ZCard(t.Context(), s.queueKey("lease")).Val()
	pending := s.rdb.LLen(t.Context(), s.queueKey("pending")).Val()
	if active != 2 || leases != 2 || pending != 2 {
		t.Errorf("%d active, %d leases, %d pending", active, leases, pending)
	}
	// asynq takes it like any other.
	if err := asynq.NewInspectorFromRedisClient(s.rdb).DeleteTask(bj.Queue(), tasks.TaskID("b", "unleased", 1)); err != nil {
		t.Error(err)
	}
}

func TestDoctorOfGhosts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.enqueue(t, "a", "b")
	s.do(t, []any{"DEL", s.taskKey("a")}, []any{"LPUSH", s.queueKey("active"), "ghost-1"}, []any{"ZADD", s.queueKey("lease"), 1, "ghost-1"},
		[]any{"ZADD", s.queueKey("retry"), 1, "ghost-2"}, []any{"LPUSH", s.queueKey("pending"), "ghost-3"})
	said := s.examine(t, Doctor{})
	expect(t, said, CodeGhosts, "The queue holds 4 ids of tasks that do not exist: ", "")
	if d, found := said[CodeOrphaned]; found {
		t.Errorf("what does not exist is in nobody's hands: %s", d.What)
	}
	if n := s.rdb.LLen(t.Context(), s.queueKey("pending")).Val(); n != 3 {
		t.Errorf("without --fix, %d of 3 pending", n)
	}
	said = s.examine(t, Doctor{Fix: true})
	expect(t, said, CodeGhosts, "4 ids", "Removed 4 ids.")
	expect(t, said, CodeNoTask, "b/a", "Queued 1 item again.")
	if got := ailing(s.examine(t, Doctor{})); len(got) > 0 {
		t.Errorf("after the repair: %v", got)
	}
	if n := s.rdb.LLen(t.Context(), s.queueKey("pending")).Val(); n != 2 {
		t.Errorf("%d of 2 pending", n)
	}
}

// A long list is looked at from both ends only.
func TestGhostsOfALongList(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.enqueue(t, "a")
	ids := make([]any, 0, 3*queue.RangeSize+2)
	ids = append(ids, "RPUSH", s.queueKey("pending"))
	for i := range 3 * queue.RangeSize {
		ids = append(ids, fmt.Sprint("ghost-", i))
	}
	s.do(t, ids)
	expect(t, s.examine(t, Doctor{Fix: true}), CodeGhosts, "The queue holds 1,999 ids", "Removed 1,999 ids.")
	if n := s.rdb.LLen(t.Context(), s.queueKey("pending")).Val(); n != queue.RangeSize+2 {
		t.Errorf("%d left", n)
	}
}

func TestDoctorOfLanes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.enqueue(t, "a")
	breaker := lane.NewBreaker(s.rdb, bj.String())
	admission, err := breaker.Admit(t.Context(), "sbn-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := breaker.Trip(t.Context(), admission, lane.Fault{Target: lane.TargetSubnet, Code: bce.CodeSubnetHasNoMoreIP, Message: "full"}); err != nil {
		t.Fatal(err)
	}
	said := s.examine(t, Doctor{})
	expect(t, said, CodeNoWorker, "No worker serves the lane; 1 task waits.", "")
	expect(t, said, CodeHeld, "Subnet sbn-1 is held back for ", "")
	expect(t, said, CodeHeld, "after 1 refusal: SubnetHasNoMoreIpException: full.", "")
	gz := tasks.Lane{Account: "default", Region: "gz"}
	if d := s.examine(t, Doctor{Lanes: []tasks.Lane{gz}})[CodeNoWorker]; d.Subject != "lane default/bj" {
		t.Errorf("last said of %s", d.Subject)
	}
}

func TestDoctorOfAPausedLane(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.enqueue(t, "a")
	if _, _, err := lane.NewOperator(s.rdb, bj.String()).Pause(t.Context(), lane.Act{By: "li@host", Reason: "new key"}); err != nil {
		t.Fatal(err)
	}
	said := s.examine(t, Doctor{})
	expect(t, said, CodePaused, "li@host paused the lane ", "")
	expect(t, said, CodePaused, " ago: new key.", "")
	if said[CodePaused].Ails() {
		t.Error("what somebody wanted is no ailment")
	}
}

func TestDoctorOfTheFleet(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	long := ledger.New(s.rdb, ledger.WithClock(func() time.Time { return time.Now().Add(-time.Hour) }))
	if err := long.Enter(t.Context(), "w-silent", nil); err != nil {
		t.Fatal(err)
	}
	said := s.examine(t, Doctor{})
	expect(t, said, CodeWorkers, "No worker is alive.", "")
	expect(t, said, CodeDeadWorkers, "1 worker without a word: w-silent (for 1h0m0s).", "")
	if err := s.ledger.Enter(t.Context(), "w-gone", []ledger.Held{{Batch: "b", Key: "a"}, {Batch: "b", Key: "c"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ledger.Leave(t.Context(), "w-gone"); err != nil {
		t.Fatal(err)
	}
	expect(t, s.examine(t, Doctor{}), CodeDeadWorkers, "2 items still to be rescued of the dead: w-gone (2 items).", "")
	if beats, err := s.ledger.Beats(t.Context()); err != nil || len(beats) != 1 {
		t.Errorf("%v, %v on the roll: an examination is no worker", beats, err)
	}
}

func TestDoctorOfClocks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for shift, want := range map[time.Duration]string{
		time.Hour: "1h0m0s ahead of Redis's", -time.Hour: "1h0m0s behind Redis's", time.Second: "",
	} {
		said := s.examine(t, Doctor{Now: func() time.Time { return time.Now().Add(shift) }})
		if d := said[CodeClock]; d.Ails() != (want != "") || !strings.Contains(d.What, want) {
			t.Errorf("%s: got %+v", shift, d)
		}
	}
	// BCE's clock is told by its answer, also by the refusal of a signature that is too old for it.
	for _, ahead := range []time.Duration{10 * time.Minute, 2 * time.Hour} {
		s.sim.SetTime(time.Now().Add(ahead))
		if d := s.examine(t, Doctor{Lanes: []tasks.Lane{bj}, Open: s.open})[CodeBCEClock]; !d.Ails() || !strings.Contains(d.What, "ahead of this machine's") {
			t.Errorf("BCE %s ahead: got %+v", ahead, d)
		}
	}
}

func TestDoctorOfCredentials(t *testing.T) {
	t.Parallel()
	s := newSite(t)
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
		"a gateway":   {nil, &sky{errs: []error{&bce.Error{Kind: bce.KindUnreadable, StatusCode: 502}}}, CodeBCE, "did not answer as it should", true},
		"busy":        {nil, &sky{errs: []error{api(429, "Throttling")}}, CodeBCE, "did not answer as it should", true},
	} {
		open := func(context.Context, tasks.Lane) (Cloud, error) { return test.sky, test.err }
		d := s.examine(t, Doctor{Lanes: []tasks.Lane{bj}, Open: open})[test.code]
		if !strings.Contains(d.What, test.what) || d.Ails() != test.ails {
			t.Errorf("%s: got %+v", name, d)
		}
	}
}

// The one request to BCE is of the budget that workers list by.
func TestDoctorKeepsTheLanesPace(t *testing.T) {
	t.Parallel()
	s, admitted := newSite(t), new(rate)
	s.examine(t, Doctor{Lanes: []tasks.Lane{bj}, Open: s.open, Rate: func(tasks.Lane) tasks.Rate { return admitted }})
	if *admitted != 1 {
		t.Errorf("admitted %d times", *admitted)
	}
}

// In a Redis that may lose what is repaired, nothing is repaired.
func TestDoctorDoesNotRepairInAnUnfitRedis(t *testing.T) {
	t.Parallel()
	s := newSite(t, "maxmemory-policy allkeys-lru")
	s.enqueue(t, "a")
	s.do(t, []any{"DEL", s.queueKey("pending"), s.taskKey("a")})
	said := s.examine(t, Doctor{Fix: true})
	expect(t, said, redisconn.CodeEviction, "maxmemory-policy is allkeys-lru", "")
	expect(t, said, CodeNotRepaired, "Nothing is repaired", "")
	expect(t, said, CodeNoTask, "b/a", "")
	// One that is volatile was chosen.
	v := newSite(t, "appendonly no")
	v.enqueue(t, "a")
	v.do(t, []any{"DEL", v.queueKey("pending"), v.taskKey("a")})
	said = v.examine(t, Doctor{Fix: true})
	expect(t, said, redisconn.CodePersistence, "Nothing is written to disk", "")
	expect(t, said, CodeNoTask, "b/a", "Queued 1 item again.")
}

// A check that cannot be made is told, and the others are made.
func TestDoctorGoesOnAfterAFailedCheck(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.enqueue(t, "a")
	s.do(t, []any{"DEL", s.queueKey("pending"), s.taskKey("a")}, []any{"SET", "havip:workers:{workers}:beats", "not a roll"})
	said := s.examine(t, Doctor{})
	expect(t, said, CodeUnchecked, "This could not be checked: beats of workers: WRONGTYPE", "")
	expect(t, said, CodeNoTask, "b/a", "")
}

func TestDoctorEnds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	stop := errors.New("stop")
	if err := (Doctor{Redis: s.rdb}).Examine(t.Context(), func(Diagnosis) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of the caller: got %v", err)
	}
	if err := s.rdb.Close(); err != nil {
		t.Fatal(err)
	}
	if err := (Doctor{Redis: s.rdb}).Examine(t.Context(), func(Diagnosis) error { return nil }); err == nil {
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
