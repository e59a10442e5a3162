package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"havip/internal/manifest"
	"havip/internal/redisconn"
	"havip/ledger"
	"havip/tasks"
)

// ExitCode is a program's exit code. The numbers are a contract.
type ExitCode int

// The exit codes of every program.
const (
	ExitOK           ExitCode = 0
	ExitItemsFailed  ExitCode = 1
	ExitUsage        ExitCode = 2
	ExitInvalidInput ExitCode = 3
	ExitConfig       ExitCode = 4
	ExitNetwork      ExitCode = 5
	ExitPending      ExitCode = 8
	ExitCommand      ExitCode = 9
	ExitInterrupted  ExitCode = 130
)

// ExitCodes describes every code, in order.
func ExitCodes() []struct {
	Code    ExitCode
	Meaning string
} {
	return []struct {
		Code    ExitCode
		Meaning string
	}{
		{ExitOK, "all done"},
		{ExitItemsFailed, "some items failed: see `enqueue results BATCH --state rejected,review`; or their data in Redis cannot be read"},
		{ExitUsage, "the command line is wrong, or an approval is missing"},
		{ExitInvalidInput, "the input file is invalid, or conflicts with the batch; nothing was enqueued"},
		{ExitConfig, "configuration or credentials are missing or wrong"},
		{ExitNetwork, "Redis or the network is not available, or it could not be verified that Redis keeps what was written"},
		{ExitPending, "the batch is not finished yet"},
		{ExitCommand, "the batch is complete, and the command of --on-complete failed"},
		{ExitInterrupted, "interrupted"},
	}
}

// Error is an error with an exit code.
type Error struct {
	Code ExitCode
	// Err is the message for the user; nil if it was already written.
	Err error
}

func (e *Error) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Fail returns err with an exit code; nil stays nil.
func Fail(code ExitCode, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Code: code, Err: err}
}

// Failf is [Fail] with a message.
func Failf(code ExitCode, format string, args ...any) error {
	return &Error{Code: code, Err: fmt.Errorf(format, args...)}
}

// Interrupted is the error of a command that a signal ended while it did something, which err says.
func Interrupted(err error) error {
	text := WithoutContext(err)
	if text == "" {
		return Failf(ExitInterrupted, "interrupted")
	}
	return Failf(ExitInterrupted, "interrupted: %s", text)
}

// WithoutContext is an error's text without Go's words for a context that has ended.
func WithoutContext(err error) string {
	text := err.Error()
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		text = strings.ReplaceAll(text, ": "+ended.Error(), "")
		text = strings.TrimPrefix(text, ended.Error())
	}
	return text
}

// CodeOf returns an error's exit code.
func CodeOf(err error) ExitCode {
	var known *Error
	var url *redisconn.URLError
	var taken *ledger.TokenTakenError
	var duplicate *tasks.DuplicateError
	var version *ledger.SchemaError
	var damaged *ledger.UnreadableError
	var missing *ledger.BatchNotFoundError
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &known):
		return known.Code
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	case errors.As(err, &url), errors.As(err, &version):
		return ExitConfig
	case errors.As(err, &damaged): // a retry does not help
		return ExitItemsFailed
	case errors.As(err, &missing) && missing.Archive != nil, errors.As(err, &taken), errors.As(err, &duplicate), errors.Is(err, manifest.ErrChanged):
		return ExitInvalidInput
	default:
		return ExitNetwork
	}
}
