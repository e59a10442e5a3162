package intake

import (
	"errors"
	"strings"
	"testing"

	"havip/internal/cli"
	"havip/tasks"
)

// To repeat the command helps after an error, and not against a duplicate, which would be refused again.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	duplicate := &tasks.DuplicateError{Key: "a", Duplicate: tasks.Duplicate{Batch: "other", Key: "x"}}
	for name, test := range map[string]struct {
		err    error
		done   tally
		remedy string
	}{
		"connection lost":         {errors.New("EOF"), tally{created: 1}, "run the same command again to continue"},
		"duplicate":               {duplicate, tally{}, "--allow-duplicates"},
		"duplicate, after others": {duplicate, tally{created: 2}, "`enqueue cancel b`"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := &Input{Batch: "b", rows: 3}
			err := in.interrupted(test.err, test.done)
			refused := errors.As(err, new(*tasks.DuplicateError))
			if !errors.Is(err, test.err) || !strings.Contains(err.Error(), test.remedy) || (cli.CodeOf(err) == cli.ExitInvalidInput) != refused {
				t.Errorf("got %v, exit code %d", err, cli.CodeOf(err))
			}
			if strings.Contains(err.Error(), "again to continue") == refused {
				t.Errorf("the remedy is wrong: %v", err)
			}
		})
	}
}
