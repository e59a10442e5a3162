package e2e

import (
	"strings"
	"testing"

	"havip/internal/cli"
	"havip/test/redistest"
)

// TestClientCertificates: with a Redis that verifies its clients, the programs work with the authority's certificate, and end
// with exit code 5 and the reason without one or with a stranger's.
func TestClientCertificates(t *testing.T) {
	t.Parallel()
	w := newStack(t)
	authority, stranger := redistest.NewAuthority(t), redistest.NewAuthority(t)
	cert, key := authority.Issue(t, nil)
	var addr string
	w.redis, addr = redistest.StartTLS(t, authority, cert, key, true, redistest.AppendOnly(redistest.Always))
	common := without(w.env, "HAVIP_REDIS_URL")
	with := func(a *redistest.Authority) []string {
		url := "rediss://" + addr + "/0?tls_ca=" + authority.File()
		if a != nil {
			cert, key := a.Issue(t, nil)
			url += "&tls_cert=" + cert + "&tls_key=" + key
		}
		return append(common[:len(common):len(common)], "HAVIP_REDIS_URL="+url)
	}
	w.env = with(authority)
	w.worker(t)
	rows := fixedRowsOf(10)
	file := w.write(t, "certified.csv", rows)
	w.enqueue(t, "apply", file, "--yes", "--wait")
	w.requireExactlyOnce(t, "certified", rows)
	for refused, why := range map[*redistest.Authority]string{nil: "tls_cert=FILE", stranger: "refuses the client certificate"} {
		w.env = with(refused)
		for _, p := range []*process{w.start(t, "worker"), w.start(t, "enqueue", "status"), w.start(t, "enqueue", "apply", file, "--yes")} {
			if code := p.wait(t); code != int(cli.ExitNetwork) || !strings.Contains(p.stderr.String(), why) {
				t.Errorf("%v: exit code %d, want %d and %q:\n%s", p.cmd.Args[:2], code, cli.ExitNetwork, why, tail(p.stderr.String()))
			}
		}
	}
}
