package redisconn

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"havip/test/redistest"
)

// Missing permissions are found without executing the commands.
func TestMissingPermissions(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		lines []string
		want  []string
	}{
		"all":            {[]string{"user u on >pw ~* &* +@all"}, nil},
		"some commands":  {[]string{"user u on >pw ~* &* +@all -evalsha -config -wait -xadd"}, []string{"EVALSHA", "XADD havip:acl", "CONFIG get", "WAIT"}},
		"some keys":      {[]string{"user u on >pw ~havip:* &* +@all"}, []string{"SADD asynq:queues", "LPUSH asynq:{acl}:pending", "GET rate:havip:acl"}},
		"no channel":     {[]string{"user u on >pw ~* resetchannels +@all"}, []string{"PUBLISH asynq:cancel"}},
		"renamed":        {[]string{"user u on >pw ~* &* +@all", "rename-command INFO SECRET"}, []string{"INFO"}},
		"no transaction": {[]string{"user u on >pw ~* &* +@all -multi"}, []string{"MULTI"}},
		"memory is full": {[]string{"user u on >pw ~* &* +@all -set", "maxmemory 1"}, []string{"SET havip:acl"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t, redistest.Lines(tt.lines...))
			missing, err := MissingPermissions(t.Context(), connect(t, "redis://u:pw@"+server.Addr()))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, missing); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if n, err := server.Client(t).DBSize(t.Context()).Result(); err != nil || n != 0 {
				t.Errorf("%d keys were written, %v", n, err)
			}
		})
	}
}
