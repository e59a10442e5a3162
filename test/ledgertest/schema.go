package ledgertest

import (
	"errors"
	"testing"

	"havip/ledger"
)

func testSchema(t *testing.T, f *ledgerFixture) {
	ctx := t.Context()
	equal(t, "none yet", ledger.CheckSchema(ctx, f.rdb), nil)
	f.register(t, "a")
	equal(t, "its own", ledger.CheckSchema(ctx, f.rdb), nil)
	if err := f.rdb.Set(ctx, "havip:schema:{havip:batches}", "another", 0).Err(); err != nil {
		t.Fatal(err)
	}
	var other *ledger.SchemaError
	if err := ledger.CheckSchema(ctx, f.rdb); !errors.As(err, &other) || other.Found != "another" {
		t.Errorf("another: %v", err)
	}
	if _, err := f.Register(ctx, batch, source, []ledger.Spec{spec("b")}); !errors.As(err, &other) {
		t.Errorf("register: %v", err)
	}
	equal(t, "items", f.batch(t).Total, int64(1))
}
