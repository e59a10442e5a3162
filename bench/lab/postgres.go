package lab

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgresPackage is where Debian puts the programs of PostgreSQL, which are not on the PATH.
const postgresPackage = "/usr/lib/postgresql/*/bin"

const postgresStart = 30 * time.Second

// Postgres is a PostgreSQL server with a cluster of its own. It may lose as much as Redis with an append-only file that is synced every
// second: it commits without waiting for the disk (synchronous_commit=off).
type Postgres struct {
	// Addr is its address on loopback.
	Addr     string
	dir      string
	password string
	cmd      *exec.Cmd
	log      *bytes.Buffer
	ended    <-chan struct{}
}

// Postgres starts an empty server; Close ends it and removes its files. Root starts it as the user postgres, because PostgreSQL refuses
// to run as root.
func (s *Site) Postgres(ctx context.Context) (p *Postgres, err error) {
	owner, err := postgresOwner()
	if err != nil {
		return nil, err
	}
	// Not in the site's directory, which only its own user may enter.
	dir, err := os.MkdirTemp("", "havip-bench-postgres-")
	if err != nil {
		return nil, err
	}
	p = &Postgres{dir: dir, password: rand.Text(), log: &bytes.Buffer{}}
	defer func() {
		if err != nil {
			p.Close()
		}
	}()
	if err := p.init(ctx, owner); err != nil {
		return p, err
	}
	port, err := freePort(ctx)
	if err != nil {
		return p, err
	}
	p.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	if err := p.serve(owner, port); err != nil {
		return p, err
	}
	return p, p.awaitStart(ctx)
}

// postgresOwner is nil if the process may run PostgreSQL as its own user.
func postgresOwner() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root: %w; run scripts/need-postgres", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

// PostgresProgram returns the path of a program of PostgreSQL.
func PostgresProgram(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	found, err := filepath.Glob(filepath.Join(postgresPackage, name))
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("%s of PostgreSQL is missing; run scripts/need-postgres", name)
	}
	return slices.Max(found), nil
}

func (p *Postgres) init(ctx context.Context, owner *syscall.Credential) error {
	initdb, err := PostgresProgram("initdb")
	if err != nil {
		return err
	}
	secret := filepath.Join(p.dir, "password")
	if err := os.WriteFile(secret, []byte(p.password+"\n"), 0o600); err != nil {
		return err
	}
	if owner != nil {
		for _, path := range []string{p.dir, secret} {
			if err := os.Chown(path, int(owner.Uid), int(owner.Gid)); err != nil {
				return err
			}
		}
	}
	cmd := exec.CommandContext(ctx, initdb, "-D", p.data(), "-U", "bench", "--auth=scram-sha-256", "--pwfile="+secret, "--no-sync", "-E", "UTF8", "--no-locale")
	cmd.Dir, cmd.SysProcAttr = p.dir, &syscall.SysProcAttr{Credential: owner}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return os.Remove(secret)
}

func (p *Postgres) data() string { return filepath.Join(p.dir, "data") }

// serve starts the server; SIGQUIT ends it and its children at once.
func (p *Postgres) serve(owner *syscall.Credential, port int) error {
	program, err := PostgresProgram("postgres")
	if err != nil {
		return err
	}
	cmd := exec.Command(program, "-D", p.data(), "-p", strconv.Itoa(port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="+p.dir, "-c", "synchronous_commit=off", "-c", "max_connections=300")
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, p.log, p.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: owner, Setpgid: true}
	if p.ended, err = startTied(cmd, syscall.SIGQUIT); err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	p.cmd = cmd
	return nil
}

func (p *Postgres) awaitStart(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, postgresStart)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, p.URL(p.Addr))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-tick.C:
		case <-p.ended:
			return fmt.Errorf("postgres ended: %s", p.log)
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		}
	}
}

// URL is the server's, through an address that leads to it.
func (p *Postgres) URL(addr string) string {
	return "postgres://bench:" + p.password + "@" + addr + "/postgres?sslmode=disable"
}

// Usage is the CPU of all processes of the server, and the transactions as commands.
func (p *Postgres) Usage(ctx context.Context) (u Usage, err error) {
	conn, err := pgx.Connect(ctx, p.URL(p.Addr))
	if err != nil {
		return u, err
	}
	defer func() { _ = conn.Close(ctx) }()
	if err := p.awaitAlone(ctx, conn); err != nil {
		return u, err
	}
	err = conn.QueryRow(ctx, "SELECT sum(xact_commit + xact_rollback)::float8 FROM pg_stat_database").Scan(&u.Commands)
	if err != nil {
		return u, err
	}
	u.CPU, err = treeCPU(p.cmd.Process.Pid)
	return u, err
}

// awaitAlone waits until all other connections have ended: a backend reports its counts at its end, and before that with a delay.
func (p *Postgres) awaitAlone(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeoutCause(ctx, postgresStart, errors.New("others are connected to PostgreSQL"))
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var others int
		err := conn.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()").Scan(&others)
		if err != nil || others == 0 {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Close ends the server at once.
func (p *Postgres) Close() {
	if p.cmd != nil {
		_ = p.cmd.Process.Signal(syscall.SIGQUIT)
		<-p.ended
	}
	_ = os.RemoveAll(p.dir)
}
