package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ticksPerSecond is the unit of the times in /proc, which Linux fixes for programs (USER_HZ).
const ticksPerSecond = 100

// CPU is the CPU, user and system, that the process has used, in seconds.
func (p *Process) CPU() (float64, error) {
	s, err := readStat(p.cmd.Process.Pid)
	return s.own, err
}

// Peak is the most memory that the process had resident, in MiB.
func (p *Process) Peak() float64 { return readPeak(p.cmd.Process.Pid) }

// stat is what /proc/PID/stat says: the parent, and seconds of CPU of the process and of its children that ended.
type stat struct {
	parent     int
	own, ended float64
}

func readStat(pid int) (s stat, err error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return s, err
	}
	// The name, in parentheses, may contain anything; the fields after it are numbered from 3, the state.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	const first, parent, utime, cstime = 3, 4, 14, 17
	if len(fields) <= cstime-first {
		return s, fmt.Errorf("read the CPU of process %d: %q", pid, text)
	}
	if s.parent, err = strconv.Atoi(fields[parent-first]); err != nil {
		return s, err
	}
	var ticks [4]float64 // utime, stime, cutime, cstime
	for i := range ticks {
		if ticks[i], err = strconv.ParseFloat(fields[utime-first+i], 64); err != nil {
			return s, err
		}
	}
	s.own, s.ended = (ticks[0]+ticks[1])/ticksPerSecond, (ticks[2]+ticks[3])/ticksPerSecond
	return s, nil
}

// treeCPU is the CPU of a process and of all its children, those that ended included, in seconds.
func treeCPU(pid int) (float64, error) {
	s, err := readStat(pid)
	if err != nil {
		return 0, err
	}
	sum := s.own + s.ended
	others, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0, err
	}
	for _, path := range others {
		other, err := strconv.Atoi(filepath.Base(path))
		if err != nil {
			continue
		}
		if child, err := readStat(other); err == nil && child.parent == pid {
			sum += child.own
		}
	}
	return sum, nil
}
