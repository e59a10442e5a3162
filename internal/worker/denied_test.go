package worker

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"havip/ledger"
	"havip/tasks"
)

// denying answers creates in one subnet as a policy that denies it would.
type denying struct {
	subnetID string
	next     http.RoundTripper
	denied   atomic.Int64
}

func (d *denying) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		return d.next.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	_ = r.Body.Close()
	if !bytes.Contains(body, []byte(d.subnetID)) {
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
		return d.next.RoundTrip(r)
	}
	d.denied.Add(1)
	return &http.Response{
		StatusCode: http.StatusForbidden, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
		Body: io.NopCloser(bytes.NewReader([]byte(`{"code":"AccessDenied","message":"denied by policy","requestId":"r"}`))),
	}, nil
}

// Half of the items are of a subnet in which the key may not create: the others are created as if these were
// not there, after the one back-off that shows whose fault it is.
func TestDeniedSubnetLeavesOthersTheirPace(t *testing.T) {
	t.Parallel()
	const good = 100
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		d := &denying{subnetID: "sbn-denied", next: f.transport}
		f.transport = d
		f.start(t, "w1", f.lane(t, "bj", 0))
		began := time.Now()
		producer := tasks.NewProducer(f.ledger, asynq.NewClientFromRedisClient(f.rdb), f.rdb)
		rows := func(yield func(tasks.Row, error) bool) {
			for i := range 2 * good {
				subnet := []string{"sbn-denied", "sbn-1"}[i%2]
				item := tasks.Item{Request: tasks.Request{Name: fmt.Sprintf("i-%03d", i), SubnetID: subnet}}
				if !yield(tasks.Row{Line: i + 1, Item: item.WithDefaults("bj")}, nil) {
					return
				}
			}
		}
		if err := producer.Apply(t.Context(), batch, ledger.Source{}, rows, nil); err != nil {
			t.Fatal(err)
		}
		after, created := "", 0
		for created < good {
			events, err := f.ledger.Events(t.Context(), batch, after, 1000, time.Second)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				after = e.ID
				if e.Kind == string(ledger.Created) {
					created++
				}
			}
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("took %v", took)
		}
		if n := d.denied.Load(); n > 6 {
			t.Errorf("%d requests for the denied subnet", n)
		}
	})
}
