package tasks

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"

	"havip/ledger"
)

// What is made anew from the ledger is what the producer had put in.
func TestTaskOfLedger(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	for _, own := range []string{"", "team-token"} {
		item := testItem("key/"+own, "10.1.2.3")
		item.Request.Name, item.ClientToken = "name", own
		queue := &queueStub{}
		if _, err := NewProducer(f.ledger, queue, nil).Enqueue(t.Context(), testBatch, item); err != nil {
			t.Fatal(err)
		}
		recorded, err := f.ledger.Item(t.Context(), testBatch, item.Key)
		if err != nil {
			t.Fatal(err)
		}
		task, options := TaskOf(recorded, "")
		if diff := cmp.Diff(string(queue.tasks[0].Payload()), string(task.Payload())); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(optionTexts(queue.opts[0]), optionTexts(options)); diff != "" {
			t.Error(diff)
		}
	}
}

func optionTexts(options []asynq.Option) []string {
	texts := make([]string, len(options))
	for i, option := range options {
		texts[i] = option.String()
	}
	return texts
}

func TestTaskOfKeepsTasksApart(t *testing.T) {
	t.Parallel()
	item := ledger.Item{Batch: "b", Spec: ledger.Spec{Key: "k", Account: "default", Region: "bj"}, Record: ledger.Record{Generation: 2}}
	ids := map[string]bool{}
	for _, suffix := range []string{"", "rescue/3", "rescue/4"} {
		_, options := TaskOf(item, suffix)
		ids[options[0].String()] = true
	}
	if !ids[`TaskID("b/k/2")`] || !ids[`TaskID("b/k/2/rescue%2F3")`] || len(ids) != 3 {
		t.Errorf("got %v", ids)
	}
}

// The ID of a task names its item; other tasks name none of the batch.
func TestKeyOfTask(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		TaskID("a/b", "k 1/{2}", 3):          "k 1/{2}",
		TaskID("a/b", "k", 3) + "/again-1":   "k",
		TaskID("a", "k", 1):                  "",
		TaskID("a/b2", "k", 1):               "",
		"a%2Fb/%zz/1":                        "",
		"a%2Fb/k":                            "",
		"0194e6a1-5a30-7e0c-8d0e-4d1ffe0e70": "",
	} {
		if key, ok := KeyOfTask("a/b", id); key != want && ok || ok != (want != "") {
			t.Errorf("%s: %q, %t; want %q", id, key, ok, want)
		}
	}
}
