// Package query answers what --jq and --template ask about records. It reads neither files nor the environment.
package query

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/itchyny/gojq"
)

// Query is an expression that can be evaluated again and again.
type Query interface {
	// Evaluate writes what the expression makes of a value of JSON.
	Evaluate(ctx context.Context, w io.Writer, value any) error
}

// Error is a mistake in an expression, or about the values that it was given.
type Error struct {
	// Language is jq or template.
	Language string
	// Line and Column are where the mistake is, from 1; 0 where that is not known.
	Line, Column int
	Err          error
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("--%s: %v", e.Language, e.Err)
	}
	return fmt.Sprintf("--%s: line %d, column %d: %v", e.Language, e.Line, e.Column, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

type jq struct{ code *gojq.Code }

// JQ compiles a jq expression.
func JQ(expression string) (Query, error) {
	parsed, err := gojq.Parse(expression)
	if err != nil {
		return nil, parseError(expression, err)
	}
	code, err := gojq.Compile(parsed)
	if err != nil {
		return nil, &Error{Language: "jq", Err: err}
	}
	return jq{code}, nil
}

// parseError finds the place of a token that the grammar does not allow; at the end of the expression it is none.
func parseError(expression string, err error) error {
	found := &Error{Language: "jq", Err: err}
	var at *gojq.ParseError
	if errors.As(err, &at) {
		before := expression[:min(max(0, at.Offset-len(at.Token)), len(expression))]
		found.Line = 1 + strings.Count(before, "\n")
		found.Column = 1 + utf8.RuneCountInString(before[strings.LastIndex(before, "\n")+1:])
	}
	return found
}

// Evaluate writes strings as they are and other values as JSON, one a line.
func (q jq) Evaluate(ctx context.Context, w io.Writer, value any) error {
	for answers := q.code.RunWithContext(ctx, value); ; {
		answer, more := answers.Next()
		if !more {
			return nil
		}
		var err error
		switch v := answer.(type) {
		case error:
			return evaluationError(ctx, v)
		case string:
			_, err = io.WriteString(w, v+"\n")
		default:
			var text string
			if text, err = asJSON(v); err == nil {
				_, err = io.WriteString(w, text+"\n")
			}
		}
		if err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
}

func evaluationError(ctx context.Context, err error) error {
	var halt *gojq.HaltError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &halt) && halt.Value() == nil: // the function halt
		return nil
	}
	return &Error{Language: "jq", Err: err}
}

// ValueOf is a value of JSON as queries take it.
func ValueOf(text []byte) (any, error) {
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return nil, fmt.Errorf("record as a value of JSON: %w", err)
	}
	return value, nil
}

// asJSON is a value as JSON, without escapes for HTML.
func asJSON(value any) (string, error) {
	text, err := gojq.Marshal(value)
	return string(text), err
}
