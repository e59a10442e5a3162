package e2e

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestSlowFilesEndWithTheSignal: a program that waits for a file of its configuration, here a FIFO without a writer or with a
// silent one, ends at the first signal.
func TestSlowFilesEndWithTheSignal(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	fifo := func(path string) string {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	other := fifo(filepath.Join(w.dir, "file"))
	file := w.write(t, "rows.csv", rowsOf(1))
	home, region := "HOME="+filepath.Join(w.dir, "slow"), "BCE_REGION=bj"
	profile := fifo(filepath.Join(w.dir, "slow", ".bce", "config.json"))
	keys := []string{"BCE_ACCESS_KEY_ID=" + accessKey, "BCE_SECRET_ACCESS_KEY=" + secretKey, "BCE_ENDPOINT=http://127.0.0.1:1"}
	for _, test := range []struct {
		env  []string
		args []string
		fifo string
		code int
	}{
		{[]string{home}, []string{"enqueue", "config"}, profile, 130},
		{[]string{home}, []string{"enqueue", "list"}, profile, 130},
		{[]string{home}, []string{"enqueue", "plan", file}, profile, 130},
		{[]string{home, region}, []string{"enqueue", "doctor"}, profile, 130},
		{[]string{home, region}, []string{"enqueue", "run", file, "--yes"}, profile, 130},
		{[]string{home}, []string{"worker"}, profile, 0},
		{[]string{home, region}, []string{"worker"}, profile, 0},
		{[]string{region}, []string{"enqueue", "plan", other}, other, 130},
		{[]string{region}, []string{"enqueue", "list", "--redis", "rediss://127.0.0.1:1/0?tls_ca=" + other}, other, 130},
		{[]string{region}, []string{"enqueue", "config", "--redis", "rediss://127.0.0.1:1/0?tls_cert=" + other + "&tls_key=" + other}, other, 130},
		{append(keys, region), []string{"worker", "--redis", "rediss://127.0.0.1:1/0?tls_ca=" + other}, other, 0},
		{append(keys, region), []string{"worker", "--webhook-host", "h", "--webhook-secret-file", other}, other, 0},
	} {
		p := start(t, command{program: test.args[0], args: test.args[1:], env: append(without(w.env), test.env...), dir: w.dir})
		var silent *os.File
		eventually(t, "the file is opened", func() (opened bool) {
			if p.ended() {
				t.Fatalf("%v did not open it: exit code %d: %s", test.args, p.exitCode(), p.stderr)
			}
			var err error
			silent, err = os.OpenFile(test.fifo, os.O_WRONLY|syscall.O_NONBLOCK, 0) // fails without a reader
			return err == nil
		})
		p.signal(syscall.SIGINT)
		if code := p.wait(t); code != test.code {
			t.Errorf("%v: exit code %d, want %d: %s", test.args, code, test.code, p.stderr)
		}
		if err := silent.Close(); err != nil {
			t.Error(err)
		}
	}
}
