package main

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"havip/bench/lab"
)

// mostMemory is what plan and apply may take, in MiB.
const mostMemory = 128

// put plans and applies the large file, applies it again, which finds nothing to do, and puts in the small ones beside it.
func (m measurement) put(ctx context.Context) error {
	file, err := m.site.Rows(large, m.rows)
	if err != nil {
		return err
	}
	full, err := m.site.FullRows("full", m.rows)
	if err != nil {
		return err
	}
	for _, step := range []struct {
		what string
		args []string
	}{
		{"plan of rows with an address and a token each", []string{"plan", full}},
		{"plan", []string{"plan", file}},
		{"apply", []string{"apply", file, "--yes"}},
		{"applying again", []string{"apply", file, "--yes"}},
	} {
		took, err := m.site.Enqueue(ctx, m.redis.URL(), io.Discard, step.args...)
		if err != nil {
			return err
		}
		m.claims.AtMost(fmt.Sprintf("MiB of memory for %d rows, %s", m.rows, step.what), []float64{took.Peak}, mostMemory,
			fmt.Sprintf("%.0f rows/s", took.Rate(m.rows)))
	}
	if err := m.redis.Require(ctx, large, m.rows); err != nil {
		return err
	}
	if err := m.memory(ctx); err != nil {
		return err
	}
	for batch, rows := range map[string]int{medium: mediumRows, handful: handfulRows} {
		file, err := m.site.Rows(batch, rows)
		if err != nil {
			return err
		}
		if _, err := m.site.Enqueue(ctx, m.redis.URL(), io.Discard, "apply", file, "--yes", "--allow-duplicates"); err != nil {
			return err
		}
	}
	return nil
}

// memory is what an item that waits takes in Redis: all of it, with its task, and what the ledger takes besides the item's
// own text. TestMemoryOfAnItem of the ledger holds the latter for one that was created.
func (m measurement) memory(ctx context.Context) error {
	client := m.redis.Client()
	var bytes int64
	for _, key := range []string{"specs", "records", "order", "open"} {
		n, err := client.MemoryUsage(ctx, "havip:{"+large+"}:"+key, 1000).Result()
		if err != nil {
			return err
		}
		bytes += n
	}
	item := lab.Item(m.rows - 1)
	text := len(item.Key) + len(item.Request.Body())
	used, err := client.InfoMap(ctx, "memory").Result()
	if err != nil {
		return err
	}
	all, err := bytesUsed(used["Memory"])
	if err != nil {
		return err
	}
	m.claims.AtMost("bytes of Redis for an item that waits", []float64{float64(all) / float64(m.rows)}, 900,
		fmt.Sprintf("%.0f of them for its task and the index of requests", float64(all-bytes)/float64(m.rows)))
	m.claims.AtMost("bytes of the ledger for an item that waits, besides its own text", []float64{float64(bytes)/float64(m.rows) - float64(text)}, 1024,
		fmt.Sprintf("its text has %d", text))
	return nil
}

// bytesUsed is what Redis has allocated, without what an empty one and its connections' buffers take.
func bytesUsed(memory map[string]string) (int64, error) {
	var n int64
	for i, field := range []string{"used_memory", "used_memory_startup", "mem_clients_normal"} {
		bytes, err := strconv.ParseInt(memory[field], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("memory of Redis: %w", err)
		}
		if i > 0 {
			bytes = -bytes
		}
		n += bytes
	}
	return n, nil
}
