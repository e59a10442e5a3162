package cli

import (
	"os"
	"path/filepath"

	"github.com/rs/zerolog"

	"havip/internal/spool"
)

// StateDir is where programs keep what must outlive them, unless they are told otherwise.
func StateDir(getenv Getenv) string {
	base := getenv("XDG_STATE_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "havip-state"
		}
		base = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(base, "havip")
}

// OpenSpool opens the directory for outcomes that could not be recorded; "" is the one in [StateDir]. Only
// a directory that was asked for must be usable: without one, outcomes are kept in memory.
func OpenSpool(dir string, getenv Getenv, log zerolog.Logger) (*spool.Spool, error) {
	asked := dir != ""
	if !asked {
		dir = filepath.Join(StateDir(getenv), "spool")
	}
	files, err := spool.Open(dir)
	switch {
	case err == nil:
		return files, nil
	case asked:
		return nil, Failf(ExitConfig, "--spool-dir: %w", err)
	}
	log.Warn().Err(err).Msg("no directory for outcomes while Redis is away: they are kept in memory; --spool-dir names another")
	return nil, nil //nolint:nilnil // no spool is a way to work
}
