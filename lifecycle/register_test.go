package lifecycle

import "testing"

func TestRegister(t *testing.T) {
	t.Parallel()
	queued := Record{State: Queued, Generation: 1, ClientToken: "t1", Fingerprint: "f"}
	enqueued, finished := queued, queued
	enqueued.EnqueuedAt, finished.State = start, Rejected
	other := queued
	other.Fingerprint = "g"
	automatic := Record{State: Created, Generation: 1, ClientToken: "t1", Fingerprint: "a", PrivateIPAddress: "10.0.0.1"}
	elsewhere, waiting, others := automatic, automatic, automatic
	elsewhere.PrivateIPAddress, waiting.PrivateIPAddress, others.Fingerprint = "10.0.0.2", "", "g"
	for name, c := range map[string]struct {
		existing  Record
		forgotten int
		task      bool
		want      Registered
	}{
		"nobody knows it":                        {want: RegisteredNew},
		"of a task that nobody registered":       {task: true, want: RegisteredNew},
		"its task was not put in":                {existing: queued, want: RegisteredRepair},
		"its task was put in":                    {existing: enqueued, want: RegisteredSame},
		"finished, whatever became of its task":  {existing: finished, want: RegisteredSame},
		"another request":                        {existing: other, want: RegisteredConflict},
		"another request, of a task":             {existing: other, task: true, forgotten: 2, want: RegisteredConflict},
		"it has the address by BCE's choice":     {existing: automatic, want: RegisteredSame},
		"it has another by BCE's choice":         {existing: elsewhere, want: RegisteredConflict},
		"its address is not known yet":           {existing: waiting, want: RegisteredConflict},
		"another request has the address":        {existing: others, want: RegisteredConflict},
		"the batch was forgotten":                {forgotten: 2, want: RegisteredNew},
		"a leftover of the batch that was":       {forgotten: 2, task: true, want: RegisteredGone},
		"registered anew, and then comes a task": {existing: enqueued, forgotten: 2, task: true, want: RegisteredSame},
	} {
		s := Snapshot{Record: c.existing, Now: start, Batch: Batch{Forgotten: c.forgotten}}
		got, record := Register(s, Asked{Fingerprint: "f", ClientToken: "t1", FromTask: c.task, Address: "10.0.0.1", Automatic: "a"})
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if got != RegisteredNew {
			continue
		}
		want := Record{State: Queued, Generation: 1, ClientToken: "t1", Fingerprint: "f", RegisteredAt: start, UpdatedAt: start}
		if c.forgotten > 0 {
			want.Generation, want.TokenUsed, want.ForgottenGeneration = c.forgotten, true, c.forgotten
		}
		if record.State != want.State || record.Generation != want.Generation || record.TokenUsed != want.TokenUsed || record.ForgottenGeneration != want.ForgottenGeneration ||
			record.ClientToken != want.ClientToken || record.RegisteredAt != start || record.CreatedAt != 0 {
			t.Errorf("%s: %+v, want %+v", name, record, want)
		}
	}
}

func TestRegisterWithoutAnAddress(t *testing.T) {
	t.Parallel()
	existing := Record{State: Created, Generation: 1, Fingerprint: "a"}
	if got, _ := Register(Snapshot{Record: existing, Now: start}, Asked{Fingerprint: "f"}); got != RegisteredConflict {
		t.Errorf("another request without an address: %s", got)
	}
}

// An imported item has its HaVIP from the start.
func TestRegisterImported(t *testing.T) {
	t.Parallel()
	result, record := Register(Snapshot{Now: start}, Asked{Fingerprint: "f", HaVIPID: "havip-1", HaVIPAddress: "10.0.0.1"})
	if result != RegisteredNew || record.State != Adopted || record.HaVIPID != "havip-1" || record.CreatedAt != start {
		t.Errorf("%s: %+v", result, record)
	}
}

func TestMarkEnqueued(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		existing Record
		noted    bool
	}{
		"nobody knows it": {Record{}, false},
		"queued":          {Record{State: Queued}, true},
		"sent already":    {Record{State: Unknown}, true},
		"noted before":    {Record{State: Queued, EnqueuedAt: 1}, false},
		"finished":        {Record{State: Canceled}, false},
	} {
		after := MarkEnqueued(Snapshot{Record: c.existing, Now: start})
		if (after != nil) != c.noted || after != nil && after.EnqueuedAt != start {
			t.Errorf("%s: %+v", name, after)
		}
	}
}
