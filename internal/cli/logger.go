package cli

import (
	"io"
	"time"

	"github.com/rs/zerolog"
)

// zerolog's time format is a global; it is set at initialization to avoid data races.
func init() { zerolog.TimeFieldFormat = "2006-01-02T15:04:05.000Z07:00" }

// lossy ignores write errors, such as of a full disk or a closed pipe. zerolog would write them to stderr, which is the log
// itself.
type lossy struct{ w io.Writer }

// Write always succeeds.
func (l lossy) Write(p []byte) (int, error) {
	_, _ = l.w.Write(p)
	return len(p), nil
}

// Logger returns the program's logger: JSON lines, or text if format is "console", or "auto" and w is a terminal.
func Logger(w io.Writer, format, level string, getenv Getenv) (zerolog.Logger, error) {
	l, err := zerolog.ParseLevel(level)
	if err != nil || level == "" {
		return zerolog.Nop(), Failf(ExitUsage, "log level %q: must be one of trace, debug, info, warn, error", level)
	}
	switch format {
	case "json":
	case "console":
		w = console(w, getenv)
	case "auto":
		if IsTerminal(w) {
			w = console(w, getenv)
		}
	default:
		return zerolog.Nop(), Failf(ExitUsage, "log format %q: must be one of auto, json, console", format)
	}
	return zerolog.New(lossy{w}).Level(l).With().Timestamp().Logger(), nil
}

func console(w io.Writer, getenv Getenv) io.Writer {
	return zerolog.ConsoleWriter{
		Out: w, TimeFormat: time.TimeOnly,
		NoColor: getenv("NO_COLOR") != "" || !IsTerminal(w),
	}
}
