package redisconn

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// probePatience limits one probe of a server.
const probePatience = 2 * time.Second

// saidAtOnce is a refusal that a server sends to a new connection before closing it.
type saidAtOnce string

func (e saidAtOnce) Error() string { return string(e) }

// RedisError marks it as an error of Redis.
func (saidAtOnce) RedisError() {}

var _ redis.Error = saidAtOnce("")

var (
	errSpeaksTLS = errors.New("the server speaks TLS")
	errSpeaksRaw = errors.New("the server does not speak TLS")
	// errSpeaksHTTP is also of an answer that go-redis or crypto/tls could not read.
	errSpeaksHTTP = errors.New("the server speaks HTTP, not Redis")
)

// examine finds out why a server closes connections or does not answer: go-redis has written by then, and does not
// read what the server sent first. It returns err if it learns nothing.
func (x explainer) examine(ctx context.Context, err error) error {
	d := diagnoseNetwork(err)
	if x.options.Mode != Single || d.kind != kindDown || d.advice != adviceClosed && d.advice != adviceSilence {
		return x.always(err)
	}
	ctx, cancel := context.WithTimeout(ctx, probePatience)
	defer cancel()
	switch found := x.look(ctx); {
	case errors.Is(found, errSpeaksTLS):
		return x.wrong(err, found, adviceTLS)
	case errors.Is(found, errSpeaksRaw):
		return x.wrong(err, found, adviceNoTLS)
	case errors.Is(found, errSpeaksHTTP):
		return x.wrong(err, found, adviceAddress)
	case found != nil:
		return x.always(found)
	}
	return x.always(err)
}

func (x explainer) wrong(err, found error, advice string) error {
	return &ConnError{Endpoint: x.options.String(), Cause: found.Error(), Advice: advice, Err: err, kind: kindLasting}
}

// look returns the server's refusal of a connection without TLS, or that it uses TLS or is an HTTP server.
func (x explainer) look(ctx context.Context) error {
	line, err := x.ask(ctx)
	switch refusal, refused := strings.CutPrefix(line, "-"); {
	case isHTTP(line):
		return errSpeaksHTTP
	case x.options.TLS != nil && (refused || strings.HasPrefix(line, "+PONG")):
		return errSpeaksRaw
	case refused && !strings.HasPrefix(refusal, "NOAUTH"):
		return saidAtOnce(refusal)
	case x.options.TLS == nil && line == "" && err == nil:
		return x.lookTLS(ctx)
	case x.options.TLS != nil && line == "" && err == nil:
		return x.lookVerified(ctx)
	}
	return nil
}

// lookVerified returns why the server refuses the client's certificate. It does so after the handshake, and what was
// written before can have the operating system drop its alert.
func (x explainer) lookVerified(ctx context.Context) error {
	conn, err := x.options.dialer()(ctx, x.options.Network, x.options.Addrs[0])
	if err != nil {
		return diagnosed(err)
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	_, err = conn.Read(make([]byte, 1))
	return diagnosed(err)
}

// diagnosed returns an error that explains a failed TLS handshake, or nil.
func diagnosed(err error) error {
	if err != nil && diagnoseTLS(err).cause != "" {
		return err
	}
	return nil
}

// ask returns the answer to a PING without TLS, or "". The error is of dialing.
func (x explainer) ask(ctx context.Context) (line string, err error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, x.options.Network, x.options.Addrs[0])
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(time.Now().Add(time.Until(deadline) / 2)) // half of the time is for the TLS probe
	reader := bufio.NewReader(io.LimitReader(conn, 512))
	_, _ = io.WriteString(conn, "PING\r\n") // fails if the server has closed the connection
	line, _ = reader.ReadString('\n')
	return strings.TrimSpace(line), nil
}

func (x explainer) lookTLS(ctx context.Context) error {
	//nolint:gosec // nothing is sent: who answers is asked, and not believed
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}
	conn, err := dialer.DialContext(ctx, x.options.Network, x.options.Addrs[0])
	if err == nil {
		_ = conn.Close()
		return errSpeaksTLS
	}
	if strings.Contains(err.Error(), "remote error: tls: ") {
		return errSpeaksTLS
	}
	return nil
}
