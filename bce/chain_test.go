package bce

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestChain(t *testing.T) {
	t.Parallel()
	fail := errors.New("half set")
	good := NewStaticProvider(testCredentials)
	empty := environmentOf(nil)
	broken := providerFunc(func(context.Context) (Credentials, error) { return Credentials{}, fail })

	if c, err := NewChain(empty, good, broken).Retrieve(t.Context()); err != nil || c.AccessKeyID() != testCredentials.AccessKeyID() {
		t.Errorf("chain with the second good = %v, %v", c, err)
	}
	if c, err := NewChain(empty, broken, good).Retrieve(t.Context()); !errors.Is(err, fail) || !c.IsZero() {
		t.Errorf("chain went past a source that is set up wrongly: %v, %v", c, err)
	}
	if _, err := NewChain().Retrieve(t.Context()); !errors.Is(err, ErrNoCredentials) {
		t.Errorf("error of an empty chain = %v", err)
	}
}

func TestChainErrorNamesWhatWasTried(t *testing.T) {
	t.Parallel()
	path := ProfilePath(t.TempDir())
	_, err := NewChain(environmentOf(nil), ProfileFile{Path: path}).Retrieve(t.Context())
	if !errors.Is(err, ErrNoCredentials) {
		t.Fatalf("error = %v", err)
	}
	if n := strings.Count(err.Error(), "credentials"); n != 1 {
		t.Errorf("%v says %d times that there are no credentials", err, n)
	}
	for _, want := range []string{"environment", "BCE_ACCESS_KEY_ID", path, "2 sources"} {
		if !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("error = %v; want %q in it", err, want)
		}
	}
}
