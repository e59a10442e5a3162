package main

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// The terms of being stopped: a random process, for a random time up to longestStop, again and again.
const (
	betweenStops = 200 * time.Millisecond
	longestStop  = 1500 * time.Millisecond
)

func diesWithUs() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// disturb stops random descendants of a process until ctx ends. What a test has stopped itself is left alone.
func disturb(ctx context.Context, root int, chance *rand.Rand) {
	tick := time.NewTicker(betweenStops)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if running := descendants(root); len(running) > 0 {
			stopFor(ctx, running[chance.IntN(len(running))], time.Duration(chance.Int64N(int64(longestStop))))
		}
	}
}

func stopFor(ctx context.Context, pid int, d time.Duration) {
	if syscall.Kill(pid, syscall.SIGSTOP) != nil {
		return // it has ended
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	_ = syscall.Kill(pid, syscall.SIGCONT) // it may have been killed meanwhile
}

// descendants are the processes below root that are not stopped.
func descendants(root int) []int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	children := map[int][]int{}
	stopped := map[int]bool{}
	for _, path := range stats {
		pid, parent, state, ok := parse(path)
		if ok {
			children[parent] = append(children[parent], pid)
			stopped[pid] = state == 'T'
		}
	}
	var found []int
	for next := children[root]; len(next) > 0; {
		pid := next[0]
		next = append(next[1:], children[pid]...)
		if !stopped[pid] {
			found = append(found, pid)
		}
	}
	return found
}

// parse reads a process's state and parent; see proc(5). The name, in parentheses, may hold anything.
func parse(path string) (pid, parent int, state byte, ok bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, 0, false
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	pid, err = strconv.Atoi(filepath.Base(filepath.Dir(path)))
	if err != nil || len(fields) < 2 {
		return 0, 0, 0, false
	}
	parent, err = strconv.Atoi(string(fields[1]))
	return pid, parent, fields[0][0], err == nil
}
