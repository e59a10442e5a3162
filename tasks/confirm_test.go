package tasks

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"testing"
	"time"

	"havip/bce"
	"havip/bce/bcesim"
	"havip/ledger"
)

// confirm asks BCE for what is due, as the worker does, and returns the items that were renewed.
func (f *handlerFixture) confirm() (renewed []ledger.Item, err error) {
	f.Helper()
	due, _, err := f.ledger.Due(f.Context(), testBatch, 0, 100)
	if err != nil {
		f.Fatal(err)
	}
	return f.handler.Confirm(f.Context(), due)
}

// confirmed asks until nothing is due any more.
func (f *handlerFixture) confirmed() {
	f.Helper()
	if _, err := f.confirm(); err != nil {
		f.Fatal(err)
	}
	if left, err := f.ledger.Batch(f.Context(), testBatch); err != nil || left.Unconfirmed != 0 {
		f.Fatalf("%d are unconfirmed, %v", left.Unconfirmed, err)
	}
}

// shown records what exists of the items that are to be confirmed, whatever faults BCE has.
func (f *handlerFixture) shown() {
	f.Helper()
	due, _, err := f.ledger.Due(f.Context(), testBatch, 0, 100)
	if err != nil {
		f.Fatal(err)
	}
	var looks []ledger.Look
	for _, item := range due {
		for _, there := range f.live() {
			if there.HaVIPID == item.Record.HaVIPID {
				listed := &ledger.ListedHaVIP{At: time.Now(), Address: there.PrivateIP}
				looks = append(looks, ledger.Look{Key: item.Key, HaVIPID: there.HaVIPID, Shown: listed})
			}
		}
	}
	if _, err := f.ledger.Confirm(f.Context(), testBatch, looks); err != nil {
		f.Fatal(err)
	}
}

// many puts in items and has them created.
func (f *handlerFixture) many(n int) {
	f.Helper()
	f.clock.run() // what is compared are ages, by both clocks
	for i := range n {
		f.done(f.put(testItem(fmt.Sprint("vip-", i), "")))
	}
}

// A few HaVIPs are read, many are listed; each has its address then.
func TestConfirm(t *testing.T) {
	t.Parallel()
	for n, calls := range map[int]struct{ gets, lists int }{3: {3, 0}, 4: {0, 1}, 30: {0, 1}} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, "")
			f.many(n)
			if rec := f.record("vip-0"); !rec.Unconfirmed() || rec.PrivateIPAddress != "" {
				t.Errorf("before it is confirmed: %+v", rec)
			}
			f.confirmed()
			if gets, lists := len(f.sim.CallsOf(bcesim.Get)), len(f.sim.CallsOf(bcesim.List)); gets != calls.gets || lists != calls.lists {
				t.Errorf("%d reads, %d listings; want %+v", gets, lists, calls)
			}
			for _, there := range f.live() {
				if rec := f.record(there.Name); rec.State != ledger.Created || rec.HaVIPID != there.HaVIPID || rec.PrivateIPAddress != there.PrivateIP {
					t.Errorf("%+v, and BCE has %+v", rec, there)
				}
			}
		})
	}
}

// A second ledger with the same file, and this one after it lost its data, get the answers of the first again.
// What they did not create they do not say to have created.
func TestConfirmAdoptsWhatAnotherLedgerCreated(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.many(5)
	f.confirmed()
	f.sim.Advance(10 * time.Second)
	if err := f.rdb.FlushDB(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	f.many(5)
	if rec := f.record("vip-0"); rec.State != ledger.Created || !rec.Unconfirmed() {
		t.Errorf("answered, and not looked at: %+v", rec)
	}
	f.confirmed()
	for i := range 5 {
		if rec := f.record(fmt.Sprint("vip-", i)); rec.State != ledger.Adopted || rec.Message == "" {
			t.Errorf("%+v", rec)
		}
	}
	if n := len(f.live()); n != 5 {
		t.Errorf("%d exist", n)
	}
}

// BCE goes on answering with a HaVIP that was deleted since. When it had long enough to show it, the item has its
// next token, and one that exists.
func TestConfirmGivesUpWhatDoesNotExist(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 5} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, "")
			f.many(n)
			f.confirmed()
			for _, there := range f.live() {
				if _, err := f.api.DeleteHaVIP(t.Context(), there.HaVIPID, ""); err != nil {
					t.Fatal(err)
				}
			}
			if err := f.rdb.FlushDB(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
			f.many(n)
			for _, wait := range []time.Duration{time.Second, 8 * time.Minute, 90 * time.Second} {
				if renewed, err := f.confirm(); err != nil || len(renewed) != 0 {
					t.Fatalf("too early: %v, %v", renewed, err)
				}
				f.clock.pass(wait)
			}
			f.clock.pass(time.Minute)
			renewed, err := f.confirm()
			if err != nil || len(renewed) != n {
				t.Fatalf("renewed %d, %v", len(renewed), err)
			}
			f.many(n)
			f.confirmed()
			if exist := len(f.live()); exist != n {
				t.Errorf("%d exist", exist)
			}
			for _, there := range f.live() {
				if rec := f.record(there.Name); rec.State != ledger.Created || rec.HaVIPID != there.HaVIPID || rec.Generation != 2 {
					t.Errorf("%+v, and BCE has %+v", rec, there)
				}
			}
		})
	}
}

// What BCE does not answer now it is asked for later: nothing is said of what it did not say.
func TestConfirmAsksAgain(t *testing.T) {
	t.Parallel()
	for _, faults := range []string{"get:error-500", "get:429", "get:refuse", "get:answer:403/AccessDenied"} {
		t.Run(url.PathEscape(faults), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, faults)
			f.many(2)
			for range 3 {
				if _, err := f.confirm(); err == nil {
					t.Error("nothing is said of the failure")
				}
				f.clock.pass(time.Hour)
			}
			if rec := f.record("vip-0"); rec.State != ledger.Created || !rec.Unconfirmed() || rec.AbsentSince != 0 {
				t.Errorf("%+v", rec)
			}
			f.noFaults()
			f.confirmed()
		})
	}
}

// A key that may not list may read.
func TestConfirmWithoutListings(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "list:answer:403/AccessDenied")
	f.many(5)
	if _, err := f.confirm(); err == nil {
		t.Error("nothing is said of the failure")
	}
	f.confirmed()
	if gets := len(f.sim.CallsOf(bcesim.Get)); gets != 5 {
		t.Errorf("%d reads", gets)
	}
}

// mistakenAPI answers a question about one HaVIP with another.
type mistakenAPI struct{ API }

func (mistakenAPI) GetHaVIP(context.Context, string) (*bce.GetHaVIPOutput, error) {
	return &bce.GetHaVIPOutput{HaVIP: bce.HaVIP{ID: "havip-other", PrivateIPAddress: "10.9.9.9"}}, nil
}

func TestConfirmTakesNoAnswerAboutAnotherHaVIP(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	config := f.config()
	config.API = mistakenAPI{f.api}
	f.handler = NewHandler(config)
	f.many(1)
	if _, err := f.confirm(); err == nil {
		t.Error("nothing is said of the failure")
	}
	if rec := f.record("vip-0"); rec.PrivateIPAddress != "" || !rec.Unconfirmed() {
		t.Errorf("record %+v", rec)
	}
}

// BCE's clock has jumped: what was created looks a day older than its request, and is not said to be ours.
func TestConfirmAfterTheClockOfBCEJumped(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.many(1)
	f.sim.Advance(25 * time.Hour)
	if _, err := f.confirm(); err == nil {
		t.Error("the request was signed with a date that is over, and BCE took it")
	}
	f.confirmed()
	if rec := f.record("vip-0"); rec.State != ledger.Adopted {
		t.Errorf("%+v", rec)
	}
}
