package query

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"
)

const records = `[{"key":"a<b","n":1,"at":"2026-01-02T03:04:05Z"},{"key":"c","n":12345678901,"at":""}]`

func evaluate(t *testing.T, compile func(string) (Query, error), expression string) (string, error) {
	t.Helper()
	value, err := ValueOf([]byte(records))
	if err != nil {
		t.Fatal(err)
	}
	q, err := compile(expression)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = q.Evaluate(t.Context(), &out, value)
	return out.String(), err
}

func TestQueries(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		compile          func(string) (Query, error)
		expression, want string
	}{
		{JQ, ".[].key", "a<b\nc\n"},
		{JQ, ".[] | {key}", "{\"key\":\"a<b\"}\n{\"key\":\"c\"}\n"},
		{JQ, "map(.n) | add", "12345678902\n"},
		{JQ, "$ENV | length", "0\n"},
		{JQ, "1, halt, 2", "1\n"},
		{Template, "{{range .}}{{.key}} {{end}}", "a<b c "},
		{Template, `{{pluck "key" . | join ","}} {{json (index . 0).key}}`, `a<b,c "a<b"`},
		{Template, `{{timefmt "2006" (index . 0).at}}`, "2026"},
	} {
		if got, err := evaluate(t, test.compile, test.expression); err != nil || got != test.want {
			t.Errorf("%s: got %q, %v, want %q", test.expression, got, err, test.want)
		}
	}
}

// A mistake says where it is, as far as that is known; nothing of a template that fails is written.
func TestMistakes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		compile      func(string) (Query, error)
		expression   string
		line, column int
	}{
		{JQ, ".[] | ) .key", 1, 7},
		{JQ, ".[]\n| }", 2, 3},
		{JQ, "nofunction", 0, 0},
		{JQ, ".key", 0, 0},
		{Template, "{{range .}}{{.nothing}}{{end}}", 1, 14},
		{Template, "{{nofunction}}", 0, 0},
		{Template, "{{end", 0, 0},
		{Template, `{{timeago (index . 1).at}}`, 1, 3},
	} {
		got, err := evaluate(t, test.compile, test.expression)
		var mistake *Error
		if !errors.As(err, &mistake) || mistake.Line != test.line || mistake.Column != test.column || got != "" {
			t.Errorf("%q: %q, %v", test.expression, got, err)
		}
	}
}

func TestTimeAgo(t *testing.T) {
	t.Parallel()
	ago := timeAgo(func() time.Time { return time.Date(2026, 1, 2, 4, 4, 5, 0, time.UTC) })
	if got, err := ago("2026-01-02T03:04:05.000Z"); err != nil || got != "1h ago" {
		t.Errorf("%q, %v", got, err)
	}
}

// An expression without an end ends with the command.
func TestEndlessExpression(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	q, err := JQ("[range(1; infinite)] | length")
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Evaluate(ctx, &bytes.Buffer{}, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
