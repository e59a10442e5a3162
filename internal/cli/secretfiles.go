package cli

import (
	"errors"
	"os"
	"strings"

	"havip/bce"
)

// fileSuffix ends the name of a variable with the path of a file that has the value, as Docker's and Kubernetes's secrets are given.
const fileSuffix = "_FILE"

// maxSecretFile bounds the file of a secret, in bytes.
const maxSecretFile = 64 << 10

// secretVariables returns the variables whose values may be in files.
func secretVariables() []string { return append(bce.SecretVariables(), "HAVIP_REDIS_URL") }

// WithSecretFiles returns a lookup that reads a secret whose variable is not set, such as BCE_SECRET_ACCESS_KEY, from the file that
// the variable with the suffix _FILE names. It reads the file each time, so that a key can be replaced while a worker runs. A file
// that cannot be read is an unset variable; programs refuse one when they start.
func WithSecretFiles(getenv Getenv) Getenv {
	files := map[string]string{}
	for _, name := range secretVariables() {
		files[name] = name + fileSuffix
	}
	return func(name string) string {
		value := getenv(name)
		if path := getenv(files[name]); value == "" && files[name] != "" && path != "" {
			value, _ = readSecret(path)
		}
		return value
	}
}

// readSecret reads a file's content, without the newline at its end.
func readSecret(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("not a regular file")
	}
	if info.Size() > maxSecretFile {
		return "", errors.New("too large for a secret")
	}
	content, err := os.ReadFile(path) // #nosec G304 -- the user names the file
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(content)), nil
}

// checkSecretFiles refuses a secret's file that cannot be read or is empty.
func checkSecretFiles(getenv Getenv) error {
	for _, name := range secretVariables() {
		path := getenv(name + fileSuffix)
		if path == "" {
			continue
		}
		value, err := readSecret(path)
		var wrong *os.PathError
		switch {
		case errors.As(err, &wrong):
			return Failf(ExitConfig, "environment variable %s=%q: %w", name+fileSuffix, path, wrong.Err)
		case err != nil:
			return Failf(ExitConfig, "environment variable %s=%q: %w", name+fileSuffix, path, err)
		case value == "":
			return Failf(ExitConfig, "environment variable %s=%q: the file is empty", name+fileSuffix, path)
		case getenv(name) != value:
			return Failf(ExitConfig, "environment variables %s and %s are both set; set one of them", name, name+fileSuffix)
		}
	}
	return nil
}
