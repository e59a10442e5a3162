package bce

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// Environment reads credentials, region and endpoint from environment variables: those of
// Baidu's own tools (BCE_*) first, then those of the Terraform provider (BAIDUCLOUD_*). It is
// a [Provider].
type Environment struct {
	// Lookup finds a variable; nil means [os.LookupEnv].
	Lookup func(name string) (value string, ok bool)
}

// variables is one family of names. Several names for one value are alternatives.
type variables struct {
	accessKeyID, secretAccessKey string
	sessionTokens                []string
	region                       string
}

var families = []variables{
	{ //nolint:gosec // names of variables, not their values
		accessKeyID:     "BCE_ACCESS_KEY_ID",
		secretAccessKey: "BCE_SECRET_ACCESS_KEY",
		sessionTokens:   []string{"BCE_SECURITY_TOKEN", "BCE_SESSION_TOKEN"},
		region:          "BCE_REGION",
	},
	{ //nolint:gosec // names of variables, not their values
		accessKeyID:     "BAIDUCLOUD_ACCESS_KEY",
		secretAccessKey: "BAIDUCLOUD_SECRET_KEY",
		sessionTokens:   []string{"BAIDUCLOUD_SESSION_TOKEN"},
		region:          "BAIDUCLOUD_REGION",
	},
}

const endpointVariable = "BCE_ENDPOINT"

// Variables returns the names of all variables that an [Environment] reads.
func Variables() []string {
	names := []string{endpointVariable}
	for _, family := range families {
		names = append(names, family.accessKeyID, family.secretAccessKey, family.region)
		names = append(names, family.sessionTokens...)
	}
	return names
}

// SecretVariables returns those of [Variables] that are credentials.
func SecretVariables() []string {
	var names []string
	for _, family := range families {
		names = append(names, family.accessKeyID, family.secretAccessKey)
		names = append(names, family.sessionTokens...)
	}
	return names
}

// Retrieve returns the credentials of the first family that is set. Families are never mixed. An
// incomplete family is an error other than [ErrNoCredentials], because the next source could
// belong to another account.
func (e Environment) Retrieve(context.Context) (Credentials, error) {
	for _, family := range families {
		c, err := e.family(family)
		if err != nil {
			return Credentials{}, fmt.Errorf("environment: %w", err)
		}
		if !c.IsZero() {
			return c, nil
		}
	}
	return Credentials{}, &missingError{fmt.Sprintf("environment: set %s and %s", families[0].accessKeyID, families[0].secretAccessKey), nil}
}

// family returns zero credentials when none of the family's variables is set.
func (e Environment) family(names variables) (Credentials, error) {
	id, secret := e.get(names.accessKeyID), e.get(names.secretAccessKey)
	token, tokenName, err := e.sessionToken(names.sessionTokens)
	switch {
	case err != nil:
		return Credentials{}, err
	case id == "" && secret == "" && token == "":
		return Credentials{}, nil
	case id == "" && secret == "":
		return Credentials{}, fmt.Errorf("%s and %s are not set, but %s is; set all or none", names.accessKeyID, names.secretAccessKey, tokenName)
	case id == "":
		return Credentials{}, fmt.Errorf("%s is not set, but %s is; set both or neither", names.accessKeyID, names.secretAccessKey)
	case secret == "":
		return Credentials{}, fmt.Errorf("%s is not set, but %s is; set both or neither", names.secretAccessKey, names.accessKeyID)
	}
	if err := checkUnquoted(names.accessKeyID, id, names.secretAccessKey, secret); err != nil {
		return Credentials{}, err
	}
	c := NewCredentials(id, secret, token)
	c.source = names.accessKeyID
	return c, nil
}

// sessionToken returns the token and the variable that has it.
func (e Environment) sessionToken(names []string) (token, from string, err error) {
	for _, name := range names {
		value := e.get(name)
		if value == "" {
			continue
		}
		if err := checkUnquoted(name, value); err != nil {
			return "", "", err
		}
		if token != "" && token != value {
			return "", "", fmt.Errorf("%s and %s differ; set one of them", from, name)
		}
		token, from = value, name
	}
	return token, from, nil
}

// Region returns BCE_REGION, else BAIDUCLOUD_REGION, else "".
func (e Environment) Region() string {
	for _, family := range families {
		if region := e.get(family.region); region != "" {
			return region
		}
	}
	return ""
}

// Endpoint returns BCE_ENDPOINT; "" if it is not set.
func (e Environment) Endpoint() string { return e.get(endpointVariable) }

// get trims white space: a trailing newline in a secret makes every signature invalid.
func (e Environment) get(name string) string {
	lookup := e.Lookup
	if lookup == nil {
		lookup = os.LookupEnv
	}
	value, _ := lookup(name)
	return strings.TrimSpace(value)
}
