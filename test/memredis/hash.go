package memredis

import (
	"slices"
	"strings"
)

// hash is its fields in the order of their bytes: the hashes of a story are small, and copied often.
type hash struct{ fields []field }

type field struct{ name, value string }

func newHash() *hash { return &hash{} }

func (h *hash) clone() value { return &hash{slices.Clone(h.fields)} }
func (h *hash) kind() string { return "hash" }
func (h *hash) empty() bool  { return len(h.fields) == 0 }

func (h *hash) size() int {
	n := 0
	for _, f := range h.fields {
		n += len(f.name) + len(f.value)
	}
	return n
}

func (h *hash) all() []field {
	if h == nil {
		return nil
	}
	return h.fields
}

func (h *hash) search(name string) (int, bool) {
	// What is written in order is put behind all else.
	if n := len(h.fields); n > 0 && h.fields[n-1].name < name {
		return n, false
	}
	return slices.BinarySearchFunc(h.fields, name, func(f field, name string) int { return strings.Compare(f.name, name) })
}

func (h *hash) get(name string) (string, bool) {
	if h == nil {
		return "", false
	}
	i, found := h.search(name)
	if !found {
		return "", false
	}
	return h.fields[i].value, true
}

// set reports whether the field is new.
func (h *hash) set(name, value string) bool {
	i, found := h.search(name)
	if found {
		h.fields[i].value = value
		return false
	}
	h.fields = slices.Insert(h.fields, i, field{name, value})
	return true
}

// remove reports whether the field was there.
func (h *hash) remove(name string) bool {
	i, found := h.search(name)
	if found {
		h.fields = slices.Delete(h.fields, i, i+1)
	}
	return found
}
