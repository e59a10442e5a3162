package query

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"text/template"
	"time"

	"havip/internal/words"
)

// templateName names a template in errors of text/template.
const templateName = "template"

type goTemplate struct{ parsed *template.Template }

// Template parses a template of text/template with these functions besides its own:
//
//	join SEP LIST        the elements of a list with SEP between them
//	pluck FIELD LIST     the field of each object in a list
//	timeago TIME         how long ago a time was
//	timefmt LAYOUT TIME  a time in a layout of Go's package time
//	json VALUE           a value as JSON
func Template(text string) (Query, error) {
	parsed, err := template.New(templateName).Option("missingkey=error").Funcs(template.FuncMap{
		"join": join, "pluck": pluck, "timeago": timeAgo(time.Now), "timefmt": timeFormat, "json": asJSON,
	}).Parse(text)
	if err != nil {
		return nil, templateError(err)
	}
	return goTemplate{parsed}, nil
}

// Evaluate writes nothing where the template fails.
func (t goTemplate) Evaluate(_ context.Context, w io.Writer, value any) error {
	var out bytes.Buffer
	if err := t.parsed.Execute(&out, value); err != nil {
		return templateError(err)
	}
	_, err := w.Write(out.Bytes())
	return err
}

// templatePlace is how text/template says where a mistake is; where it only parses, it knows the line alone.
var templatePlace = regexp.MustCompile(`^template: ` + templateName + `:(\d+)(?::(\d+))?: (?s:(.*))$`)

func templateError(err error) error {
	found := templatePlace.FindStringSubmatch(err.Error())
	if found == nil {
		return &Error{Language: templateName, Err: err}
	}
	if found[2] == "" {
		return &Error{Language: templateName, Err: fmt.Errorf("line %s: %s", found[1], found[3])}
	}
	line, _ := strconv.Atoi(found[1])
	column, _ := strconv.Atoi(found[2])
	return &Error{Language: templateName, Line: line, Column: column + 1, Err: fmt.Errorf("%s", found[3])}
}

func join(separator string, list []any) string {
	texts := make([]string, len(list))
	for i, element := range list {
		texts[i] = fmt.Sprint(element)
	}
	return strings.Join(texts, separator)
}

func pluck(field string, list []any) ([]any, error) {
	values := make([]any, len(list))
	for i, element := range list {
		object, ok := element.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("element %d is not an object", i)
		}
		values[i] = object[field]
	}
	return values, nil
}

func timeAgo(clock func() time.Time) func(text string) (string, error) {
	return func(text string) (string, error) {
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return "", fmt.Errorf("%q is not an RFC 3339 time", text)
		}
		return words.Time(clock().Sub(t)) + " ago", nil
	}
}

func timeFormat(layout, text string) (string, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return "", fmt.Errorf("%q is not an RFC 3339 time", text)
	}
	return t.Format(layout), nil
}
