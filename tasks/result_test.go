package tasks

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"havip/ledger"
)

// resultJSON is the contract of a result, as it stands in a line of `enqueue results -o ndjson`.
const resultJSON = `{"batch":"b","key":"web-1","line":2,"state":"created","haVipId":"havip-1","name":"北京","subnetId":"sbn-1",` +
	`"privateIpAddress":"10.0.0.1","description":"d","account":"default","region":"bj","attempts":2,"code":"","message":"",` +
	`"requestId":"r-1","clientToken":"t","createdAt":"2026-11-23T08:49:49.400Z","updatedAt":""}`

func TestResultContract(t *testing.T) {
	t.Parallel()
	item := ledger.Item{
		Batch: "b",
		Spec: ledger.Spec{
			Key: "web-1", Line: 2, Account: "default", Region: "bj",
			Body: `{"name":"北京","subnetId":"sbn-1","privateIpAddress":"","description":"d"}`,
		},
		Record: ledger.Record{
			State: ledger.Created, ClientToken: "t", Attempts: 2, HaVIPID: "havip-1", PrivateIPAddress: "10.0.0.1",
			RequestID: "r-1", RegisteredAt: 1795423789000, CreatedAt: 1795423789400,
		},
	}
	result, err := ResultOf(item)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(resultJSON, string(text)); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
	var read Result
	if err := json.Unmarshal([]byte(resultJSON), &read); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(result, read); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

func TestTimestampOfGarbage(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`"yesterday"`, `7`, `{}`} {
		var stamp Timestamp
		if err := json.Unmarshal([]byte(text), &stamp); err == nil {
			t.Errorf("%s was read as %s", text, stamp)
		}
	}
	stamp := TimestampOf(1)
	if err := json.Unmarshal([]byte(`null`), &stamp); err != nil || stamp != TimestampOf(1) {
		t.Errorf("null made it %q, %v", stamp, err)
	}
}
