// Package version tells which build of a program this is.
package version

import (
	"runtime/debug"
	"strings"
	"time"
)

// release is set by builds that know their version where Go does not, such as those of an archive without
// a repository: -ldflags '-X havip/internal/version.release=v1.2.3'. The same is true of revision, a commit.
var release, revision string

// Info says what a program was built from. What is not known is "".
type Info struct {
	// Version is the module's, "(devel)" when it has none.
	Version string `json:"version"`
	// Revision is the commit, and Dirty says that the files were not those of the commit.
	Revision string `json:"revision"`
	Dirty    bool   `json:"dirty"`
	// Committed is the commit's time.
	Committed time.Time `json:"-"`
	Asynq     string    `json:"asynq,omitempty"`
	Go        string    `json:"go"`
}

// Read tells about this program.
func Read() Info {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return of(&debug.BuildInfo{})
	}
	return of(build)
}

func of(build *debug.BuildInfo) Info {
	info := Info{Version: build.Main.Version, Go: build.GoVersion, Revision: revision}
	if release != "" {
		info.Version = release
	}
	for _, setting := range build.Settings {
		switch setting.Key {
		case "vcs.revision":
			info.Revision = setting.Value
		case "vcs.modified":
			info.Dirty = setting.Value == "true"
		case "vcs.time":
			info.Committed, _ = time.Parse(time.RFC3339, setting.Value) // unknown is the zero time
		}
	}
	for _, module := range build.Deps {
		if module.Path == "github.com/hibiken/asynq" {
			info.Asynq = module.Version
		}
	}
	return info
}

// shortRevision is as many digits of a commit as tell it apart.
const shortRevision = 12

// String is everything on one line.
func (i Info) String() string {
	parts := []string{i.Version}
	if i.Version == "" {
		parts[0] = "of an unknown version"
	}
	if i.Revision != "" {
		commit := "commit " + i.Revision[:min(len(i.Revision), shortRevision)]
		if i.Dirty {
			commit += " with changes"
		}
		parts = append(parts, commit)
	}
	if i.Asynq != "" {
		parts = append(parts, "asynq "+i.Asynq)
	}
	if i.Go != "" {
		parts = append(parts, i.Go)
	}
	return strings.Join(parts, ", ")
}
