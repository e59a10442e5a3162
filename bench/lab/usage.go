package lab

import (
	"context"
	"strconv"
)

// Usage is what a store has used since it started: seconds of CPU, of the one thread that carries out its commands too if it has such a
// thread, commands, reads from its connections, and bytes of memory that its data takes. What is unknown of a store is 0.
type Usage struct{ CPU, Main, Commands, Reads, Bytes float64 }

// Minus is what was used since an earlier time; of the memory, the growth.
func (u Usage) Minus(earlier Usage) Usage {
	return Usage{u.CPU - earlier.CPU, u.Main - earlier.Main, u.Commands - earlier.Commands, u.Reads - earlier.Reads, u.Bytes - earlier.Bytes}
}

// Usage reads INFO. The commands include those that scripts carry out.
func (r *Redis) Usage(ctx context.Context) (u Usage, err error) {
	info, err := r.client.InfoMap(ctx, "cpu", "stats", "memory").Result()
	if err != nil {
		return u, err
	}
	for _, f := range []struct {
		section, name string
		to            *float64
	}{
		{"CPU", "used_cpu_user", &u.CPU},
		{"CPU", "used_cpu_sys", &u.CPU},
		{"CPU", "used_cpu_user_main_thread", &u.Main},
		{"CPU", "used_cpu_sys_main_thread", &u.Main},
		{"Stats", "total_commands_processed", &u.Commands},
		{"Stats", "total_reads_processed", &u.Reads},
		{"Memory", "used_memory_dataset", &u.Bytes},
	} {
		value, err := strconv.ParseFloat(info[f.section][f.name], 64)
		if err != nil {
			return u, err
		}
		*f.to += value
	}
	return u, nil
}

// Scripts is Redis's CPU for all calls of scripts since it started, and for each on average, in microseconds.
func (r *Redis) Scripts(ctx context.Context) (all, each float64, err error) {
	info, err := r.client.InfoMap(ctx, "commandstats").Result()
	if err != nil {
		return 0, 0, err
	}
	facts := info["Commandstats"]["cmdstat_evalsha"]
	return fact(facts, "usec"), fact(facts, "usec_per_call"), nil
}
