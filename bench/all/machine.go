package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"havip/bench/lab"
)

// machine is what a run took place on, and with which versions.
type machine struct {
	Date     time.Time `json:"date"`
	Revision string    `json:"revision"`
	Short    bool      `json:"short"`
	CPU      string    `json:"cpu"`
	Cores    int       `json:"cores"`
	Memory   float64   `json:"memory"` // GiB
	Kernel   string    `json:"kernel"`
	Redis    string    `json:"redis"`
	Postgres string    `json:"postgres"`
	Go       string    `json:"go"`
	Modules  []string  `json:"modules"`
}

// compared are the modules whose versions matter to the figures.
var compared = []string{
	"github.com/hibiken/asynq", "github.com/redis/go-redis/v9", "github.com/baidubce/bce-sdk-go", "github.com/riverqueue/river", "github.com/jackc/pgx/v5",
}

func lookAtMachine(ctx context.Context, short bool) (*machine, error) {
	m := &machine{Date: time.Now().UTC(), Short: short, Cores: runtime.NumCPU(), Go: strings.TrimPrefix(runtime.Version(), "go")}
	cpu, err := procField("/proc/cpuinfo", "model name")
	if err != nil {
		return nil, err
	}
	memory, err := procField("/proc/meminfo", "MemTotal")
	if err != nil {
		return nil, err
	}
	kib, err := strconv.ParseFloat(strings.Fields(memory)[0], 64)
	if err != nil {
		return nil, err
	}
	m.CPU, m.Memory = cpu, kib/(1<<20)
	postgres, err := lab.PostgresProgram("postgres")
	if err != nil {
		return nil, err
	}
	for _, c := range []struct {
		to      *string
		command []string
	}{
		{&m.Kernel, []string{"uname", "-sr"}},
		{&m.Redis, []string{"redis-server", "--version"}},
		{&m.Postgres, []string{postgres, "--version"}},
		{&m.Revision, []string{"git", "describe", "--always", "--dirty"}},
	} {
		out, err := exec.CommandContext(ctx, c.command[0], c.command[1:]...).Output()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", strings.Join(c.command, " "), err)
		}
		*c.to = string(bytes.TrimSpace(out))
	}
	if _, version, found := strings.Cut(m.Redis, "v="); found {
		m.Redis = strings.Fields(version)[0]
	}
	m.Postgres = strings.Fields(strings.TrimPrefix(m.Postgres, "postgres (PostgreSQL) "))[0]
	out, err := exec.CommandContext(ctx, "go", append([]string{"list", "-m"}, compared...)...).Output()
	if err != nil {
		return nil, err
	}
	for module := range strings.Lines(string(out)) {
		m.Modules = append(m.Modules, strings.TrimSpace(module))
	}
	return m, nil
}

// procField returns the first value of a name in a file of lines "name: value".
func procField(path, name string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		if key, value, found := strings.Cut(lines.Text(), ":"); found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value), nil
		}
	}
	return "", fmt.Errorf("%s has no %s", path, name)
}

func loadAverage() (float64, error) {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(strings.Fields(string(text))[0], 64)
}
