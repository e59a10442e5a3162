package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
)

// ErrChanged reports that a file has changed since [File.Check].
var ErrChanged = errors.New("the file changed after it was checked; check it again")

// blockSize is how many bytes are read, hashed and compared at a time.
const blockSize = 64 << 10

// digest is the running hash of a file up to the end of a block.
type digest [sha256.Size]byte

// blocks reads content block by block and hashes it. With the digests of an earlier pass, it compares, and
// delivers no block that differs, because a row that was never checked must not become a HaVIP.
type blocks struct {
	r io.Reader
	// alive returns an error to end the reading, like a context.
	alive func() error
	sum   hash.Hash
	// passed are the digests of this pass; want those of the earlier one if compare is set.
	passed, want []digest
	compare      bool
}

func newBlocks(r io.Reader, alive func() error) *blocks {
	return &blocks{r: r, alive: alive, sum: sha256.New()}
}

// comparing makes the pass compare with an earlier one.
func (b *blocks) comparing(want []digest) *blocks {
	b.want, b.compare = want, true
	return b
}

// next fills a buffer of blockSize bytes; only the last block is shorter. After it, next returns io.EOF and no
// bytes.
func (b *blocks) next(buf []byte) (int, error) {
	if err := b.alive(); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(b.r, buf[:blockSize])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, err
	}
	if n == 0 {
		if b.compare && len(b.passed) != len(b.want) {
			return 0, ErrChanged
		}
		return 0, io.EOF
	}
	b.sum.Write(buf[:n])
	b.passed = append(b.passed, digest(b.sum.Sum(nil)))
	if last := len(b.passed) - 1; b.compare && (last >= len(b.want) || b.passed[last] != b.want[last]) {
		return 0, ErrChanged
	}
	return n, nil
}

// finish reads and hashes the rest, for a pass that ended early.
func (b *blocks) finish() error {
	buf := make([]byte, blockSize)
	for {
		if _, err := b.next(buf); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// hex returns the hash of all that was read.
func (b *blocks) hex() string { return hex.EncodeToString(b.sum.Sum(nil)) }
