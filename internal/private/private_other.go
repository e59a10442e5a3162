//go:build !unix

package private

import "io/fs"

const safely, withoutWaiting = 0, 0

func owned(fs.FileInfo) bool { return true }

func isLink(error) bool { return false }
