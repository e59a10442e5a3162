package cli

import (
	"fmt"
	"path/filepath"
	"runtime"

	"github.com/rs/zerolog"

	"havip/internal/spool"
)

// homeDir returns the user's home directory. Without one, it is an error: the working directory is no substitute, because
// it may differ at the next start.
func homeDir(getenv Getenv) (string, error) {
	name := "HOME"
	if runtime.GOOS == "windows" {
		name = "USERPROFILE"
	}
	return absolute(getenv, name)
}

// absolute returns the directory in a variable, which must be absolute.
func absolute(getenv Getenv, name string) (string, error) {
	dir := trimLineEnds(getenv(name))
	switch {
	case dir == "":
		return "", fmt.Errorf("%s is not set", name)
	case !filepath.IsAbs(dir):
		return "", fmt.Errorf("%s=%q is not an absolute path", name, dir)
	}
	return dir, nil
}

// StateDir returns the default directory for data that must outlive a program.
func StateDir(getenv Getenv) (string, error) {
	base := trimLineEnds(getenv("XDG_STATE_HOME"))
	var err error
	if base != "" {
		base, err = absolute(getenv, "XDG_STATE_HOME")
	} else if base, err = homeDir(getenv); err == nil {
		base = filepath.Join(base, ".local", "state")
	}
	if err != nil {
		return "", Failf(ExitConfig, "no state directory: %w; set HOME or XDG_STATE_HOME to an absolute path", err)
	}
	return filepath.Join(base, "havip"), nil
}

// OpenSpool opens the directory for outcomes that could not be recorded; "" means the one in [StateDir]. Only an explicitly
// given directory must be usable; without the default one, outcomes are kept in memory.
func OpenSpool(dir string, getenv Getenv, log zerolog.Logger) (*spool.Spool, error) {
	asked := dir != ""
	if !asked {
		state, err := StateDir(getenv)
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(state, "spool")
	}
	files, err := spool.Open(dir)
	switch {
	case err == nil:
		return files, nil
	case asked:
		return nil, Failf(ExitConfig, "--spool-dir: %w", err)
	}
	log.Warn().Err(err).Msg("no directory for outcomes while Redis is not available; they are kept in memory; --spool-dir sets another directory")
	return nil, nil //nolint:nilnil // no spool is a way to work
}
