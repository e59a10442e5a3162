package pipenet

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// Time passes while both ends wait for each other, and for nothing but the clock.
func TestListener(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := Listen()
		go func() {
			conn, err := l.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			<-time.After(time.Hour)
			_, _ = conn.Write([]byte("x"))
			_ = conn.Close()
		}()
		conn, err := l.DialContext(t.Context(), "tcp", "anywhere:80")
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if n, err := conn.Read(make([]byte, 1)); n != 1 || err != nil || time.Since(began) != time.Hour {
			t.Errorf("read %d bytes after %s: %v", n, time.Since(began), err)
		}
		_ = conn.Close()
	})
}

func TestListener_ends(t *testing.T) {
	t.Parallel()
	l := Listen()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.DialContext(ctx, "", ""); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody accepts, and the caller leaves: %v", err)
	}
	if err := errors.Join(l.Close(), l.Close()); err != nil {
		t.Error(err)
	}
	if _, err := l.DialContext(t.Context(), "", ""); !errors.Is(err, net.ErrClosed) {
		t.Errorf("dial: %v", err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accept: %v", err)
	}
}
