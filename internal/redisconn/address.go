package redisconn

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// maxDB limits a database number; servers have 16 by default.
const maxDB = 1 << 20

func (p *parser) parseHosts(authority, path string) error {
	hosts := strings.Split(authority, ",")
	if p.form.mode == Single && len(hosts) > 1 {
		return p.fault("host", "redis:// and rediss:// take one host; for several, write redis-sentinel:// or redis-cluster://")
	}
	for _, host := range hosts {
		addr, err := p.parseHost(host)
		if err != nil {
			return err
		}
		p.options.Addrs = append(p.options.Addrs, addr)
	}
	if path = strings.Trim(path, "/"); path == "" {
		return nil
	}
	return p.parseDB(path, func(_, clause string) error { return p.fault("database", "the database "+clause) })
}

func (p *parser) parseHost(text string) (addr string, err error) {
	host, port, ok := splitHost(text)
	switch {
	case !ok:
		return "", p.fault("host", fmt.Sprintf("the host %q is not host:port (put an IPv6 address in brackets)", text))
	case host == "":
		return "", p.fault("host", "the host is missing")
	case port == "":
		port = p.form.port
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", p.fault("port", fmt.Sprintf("the port must be a number from 1 to 65535, not %q", port))
	}
	return net.JoinHostPort(host, port), nil
}

// splitHost splits host, host:port, [IPv6] or [IPv6]:port.
func splitHost(text string) (host, port string, ok bool) {
	if strings.HasPrefix(text, "[") {
		host, rest, closed := strings.Cut(text[1:], "]")
		port, hasPort := strings.CutPrefix(rest, ":")
		_, err := netip.ParseAddr(host)
		return host, port, closed && err == nil && (hasPort || rest == "")
	}
	host, port, _ = strings.Cut(text, ":")
	odd := func(r rune) bool { return r <= ' ' || strings.ContainsRune(`#%[]\"<>`, r) }
	return host, port, !strings.Contains(port, ":") && !strings.ContainsFunc(host, odd)
}

// parseDB reads the database's number; fault is that of the option or of the path.
func (p *parser) parseDB(text string, fault func(option, clause string) error) error {
	db, err := strconv.Atoi(text)
	if err != nil || db < 0 || db > maxDB {
		return fault("db", fmt.Sprintf("must be a number, 0 or more, not %q", text))
	}
	if p.form.mode == Cluster && db != 0 {
		return fault("db", fmt.Sprintf("must be 0 or left out, not %d: a cluster has only one", db))
	}
	p.options.DB = db
	return nil
}
