package tasks

import (
	"context"
	"fmt"
	"testing"
	"time"

	"havip/bce"
	"havip/ledger"
	"havip/lifecycle"
)

// mask changes what of BCE's answers is seen.
type mask struct {
	API
	list func(*bce.ListHaVIPsOutput)
	get  func(*bce.GetHaVIPOutput) (*bce.GetHaVIPOutput, error)
}

func (m mask) ListHaVIPs(ctx context.Context, o bce.ListOptions) (*bce.ListHaVIPsOutput, error) {
	out, err := m.API.ListHaVIPs(ctx, o)
	if err == nil && m.list != nil {
		m.list(out)
	}
	return out, err
}

func (m mask) GetHaVIP(ctx context.Context, id string) (*bce.GetHaVIPOutput, error) {
	out, err := m.API.GetHaVIP(ctx, id)
	if err == nil && m.get != nil {
		return m.get(out)
	}
	return out, err
}

// unseen is a BCE that shows nothing.
func unseen(api API) mask {
	return mask{
		API: api, list: func(o *bce.ListHaVIPsOutput) { o.HaVIPs = []bce.HaVIP{} },
		get: func(*bce.GetHaVIPOutput) (*bce.GetHaVIPOutput, error) {
			return nil, &bce.Error{Kind: bce.KindAPI, Sent: true, StatusCode: 404, Code: bce.CodeNoSuchObject}
		},
	}
}

func (f *handlerFixture) through(api API, change ...func(*HandlerConfig)) {
	config := f.config()
	config.API = api
	for _, c := range change {
		c(&config)
	}
	f.handler = NewHandler(config)
}

// elsewhere is another ledger's request under a token of an item here.
func (f *handlerFixture) elsewhere(key string, generation int) (haVIPID string) {
	f.Helper()
	out, err := f.api.CreateHaVIPBody(f.Context(), ClientToken(testBatch, key, generation), testItem(key, "").Request.Body())
	if err != nil {
		f.Fatal(err)
	}
	return out.HaVIPID
}

// everywhere lets time pass for Redis, for BCE, and for what this process knows of it.
func (f *handlerFixture) everywhere(d time.Duration) {
	f.clock.pass(d)
	f.sim.Advance(d)
	f.api.SetClockOffset(f.api.ClockOffset() + d)
}

// A request that was refused created nothing: what somebody else created after it is not ours.
func TestConfirmAfterARefusal(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:429=#1")
	f.clock.run()
	task := f.put(testItem("a", ""))
	f.postponed(task)
	f.everywhere(time.Hour)
	id := f.elsewhere("a", 1)
	f.everywhere(time.Hour)
	f.done(task)
	f.confirmed()
	if rec := f.record("a"); rec.State != ledger.Adopted || rec.HaVIPID != id {
		t.Errorf("%s as %s; %s was created an hour before the request that was answered with it", rec.State, rec.HaVIPID, id)
	}
}

func TestConfirmAfterRefusalsAndARenewal(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:answer:403/QuotaLimitExceeded")
	f.clock.run()
	task := f.put(testItem("a", ""))
	for f.record("a").Generation == 1 {
		f.postponed(task)
		f.everywhere(time.Minute)
	}
	f.noFaults()
	f.everywhere(time.Hour)
	f.elsewhere("a", 2)
	f.everywhere(time.Hour)
	f.done(task)
	f.confirmed()
	if rec := f.record("a"); rec.State != ledger.Adopted {
		t.Errorf("%s, want adopted", rec.State)
	}
}

func TestConfirmByAListingWithoutADate(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.clock.run()
	for i := range 4 {
		f.elsewhere(fmt.Sprint("vip-", i), 1)
	}
	f.everywhere(time.Hour)
	f.through(mask{API: f.api, list: func(o *bce.ListHaVIPsOutput) { o.Date = time.Time{} }})
	f.many(4)
	f.confirmed()
	if rec := f.record("vip-0"); rec.State != ledger.Adopted {
		t.Errorf("%s, want adopted: it is an hour older than its first request", rec.State)
	}
}

// What BCE showed grows older until that is recorded: a listing of others may come in between.
func TestConfirmAgesWhatWasShown(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.clock.run()
	f.many(1)
	rec := f.record("vip-0")
	look := ledger.Look{Key: "vip-0", HaVIPID: rec.HaVIPID, Shown: &ledger.ListedHaVIP{At: time.Now().Add(-time.Minute), Age: time.Second}}
	if _, err := f.ledger.Confirm(t.Context(), testBatch, []ledger.Look{look}); err != nil {
		t.Fatal(err)
	}
	if rec := f.record("vip-0"); rec.State != ledger.Adopted {
		t.Errorf("%s, want adopted: it existed a minute before its first request", rec.State)
	}
}

// One HaVIP that cannot be read keeps no other waiting.
func TestConfirmDespiteAFailedRead(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.clock.run()
	f.many(1)
	sick := f.record("vip-0").HaVIPID
	hide := mask{API: f.api}
	hide.list = func(o *bce.ListHaVIPsOutput) {
		for i, h := range o.HaVIPs {
			if h.ID == sick {
				o.HaVIPs = append(o.HaVIPs[:i:i], o.HaVIPs[i+1:]...)
				return
			}
		}
	}
	hide.get = func(out *bce.GetHaVIPOutput) (*bce.GetHaVIPOutput, error) {
		if out.HaVIP.ID == sick {
			return nil, &bce.Error{Kind: bce.KindAPI, Sent: true, StatusCode: 400, Code: "InvalidHaVip.Unknown"}
		}
		return out, nil
	}
	f.through(hide)
	for i := range 10 {
		f.done(f.put(testItem(fmt.Sprint("later-", i), "")))
	}
	f.everywhere(30 * time.Minute)
	if _, err := f.confirm(); err == nil {
		t.Error("that one cannot be read is not told")
	}
	if b, err := f.ledger.Batch(t.Context(), testBatch); err != nil || b.Unconfirmed != 1 {
		t.Errorf("%d unconfirmed, want 1: %v", b.Unconfirmed, err)
	}
}

// steady is a ledger whose workers have uptime for so long, whatever its clock says.
type steady struct {
	HandlerLedger
	uptime lifecycle.Uptime
}

func (s *steady) Uptime(context.Context) (lifecycle.Uptime, error) { return s.uptime, nil }

// Redis's clock steps, as by a failover to another host, and BCE shows a HaVIP a little late: that is no proof that it
// does not exist. When workers have uptime for as long, it is.
func TestConfirmWhileAClockSteps(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.clock.run()
	records := &steady{HandlerLedger: f.ledger, uptime: 1}
	f.through(unseen(f.api), func(c *HandlerConfig) { c.Ledger = records })
	f.many(1)
	for range 3 {
		if renewed, err := f.confirm(); err != nil || len(renewed) > 0 {
			t.Fatalf("%d tokens were given up: %v", len(renewed), err)
		}
		f.clock.pass(11 * time.Minute)
	}
	records.uptime += lifecycle.Uptime((11 * time.Minute).Milliseconds())
	if renewed, err := f.confirm(); err != nil || len(renewed) != 1 {
		t.Errorf("%d tokens were given up, want 1: %v", len(renewed), err)
	}
}

// A read that BCE does not answer is no word that the HaVIP is gone.
func TestIncompleteListingWhileReadsFail(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.clock.run()
	f.many(1)
	f.confirmed()
	f.everywhere(time.Hour)
	f.setFaults("get:error-500")
	f.through(mask{API: f.api, list: unseen(f.api).list})
	if _, err := f.handler.finder.complete(t.Context(), time.Now()); err == nil {
		t.Error("a listing that misses the only HaVIP, whose read got 500, passes for complete")
	}
}

// A failover may forget that a HaVIP was claimed, and not that it was recorded: confirming it claims it again, so that no
// other item of its name adopts it.
func TestConfirmClaimsAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.clock.run()
	f.many(1)
	if err := f.rdb.Del(t.Context(), "havip:owners").Err(); err != nil {
		t.Fatal(err)
	}
	f.confirmed()
	id := f.record("vip-0").HaVIPID
	owners, err := f.ledger.Owners(t.Context(), []string{id})
	if owner := owners[id]; err != nil || owner.Key != "vip-0" || owner.Batch != testBatch {
		t.Errorf("%s is owned by %v, %v", id, owners, err)
	}
}
