package lab

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// lookEvery is how often a running program's peak memory is read; the peak is the kernel's own, so
// that only what a program takes in its last moment is missed.
const lookEvery = 5 * time.Millisecond

// Took is what a run of a program took.
type Took struct {
	Time time.Duration
	// Peak is the most memory that was resident at once (VmHWM), in MiB.
	Peak float64
	// Stderr is what it wrote to stderr.
	Stderr string
}

// Rate is how many of n a second.
func (t Took) Rate(n int) float64 { return float64(n) / t.Time.Seconds() }

// Enqueue runs enqueue against a Redis to its end, which is to be a success. What it writes to stdout
// goes to out.
func (s *Site) Enqueue(ctx context.Context, url string, out io.Writer, args ...string) (Took, error) {
	return s.EnqueueTo(ctx, 0, url, out, args...)
}

// EnqueueTo is Enqueue to an end with this exit code.
func (s *Site) EnqueueTo(ctx context.Context, code int, url string, out io.Writer, args ...string) (Took, error) {
	cmd := exec.CommandContext(ctx, s.Path("enqueue"), args...)
	cmd.Env = append(os.Environ(), "HAVIP_REDIS_URL="+url, "TMPDIR="+s.Dir)
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, &stderr
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return Took{}, err
	}
	ended := make(chan struct{})
	peak := make(chan float64, 1)
	go func() { peak <- watchPeak(cmd.Process.Pid, ended) }()
	err := cmd.Wait()
	took := Took{Time: time.Since(begun), Stderr: stderr.String()}
	close(ended)
	took.Peak = <-peak
	if cmd.ProcessState.ExitCode() != code {
		return took, fmt.Errorf("enqueue %s: %w; want exit code %d\n%s", strings.Join(args, " "), err, code, took.Stderr)
	}
	return took, nil
}

// watchPeak reads the peak again and again, and returns the last that it could read.
func watchPeak(pid int, ended <-chan struct{}) float64 {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var peak float64
	for {
		peak = max(peak, readPeak(pid))
		select {
		case <-tick.C:
		case <-ended:
			return peak
		}
	}
}

// readPeak is the VmHWM of a process in MiB, 0 once it has ended.
func readPeak(pid int) float64 {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if text, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseFloat(strings.Fields(text)[0], 64)
			return kib / 1024
		}
	}
	return 0
}
