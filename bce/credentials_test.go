package bce

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

const (
	printID     = "AKIDEXAMPLE0123456789"
	printSecret = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"
	printToken  = "FQoGZXIvYXdzEXAMPLESESSIONTOKEN"
)

// TestSecretsCannotPrint tries every verb on everything that holds credentials, for fmt
// calls no method on an unexported field.
func TestSecretsCannotPrint(t *testing.T) {
	t.Parallel()
	credentials := NewCredentials(printID, printSecret, printToken).WithExpiry(time.Now().UTC().Add(time.Hour))
	config := Config{Region: "bj", Credentials: NewStaticProvider(credentials)}
	client, err := NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	signer := NewSigner()
	if err := signer.Sign(newSignRequest(t, "GET", "https://h/"), SignInput{Credentials: credentials, Time: signTime}); err != nil {
		t.Fatal(err)
	}
	refresher := NewRefresher(NewStaticProvider(credentials), RefreshOptions{})
	if _, err := refresher.Retrieve(t.Context()); err != nil {
		t.Fatal(err)
	}
	holders := map[string]any{
		"credentials":           credentials,
		"pointer":               &credentials,
		"static":                NewStaticProvider(credentials),
		"config":                config,
		"config pointer":        &config,
		"client":                client,
		"client value":          struct{ c *Client }{client},
		"signer":                signer,
		"signer value":          *signer,
		"sign input":            SignInput{Credentials: credentials},
		"refresher":             refresher,
		"refresher value":       *refresher,
		"chain":                 NewChain(NewStaticProvider(credentials), refresher),
		"unexported field":      struct{ c Credentials }{credentials},
		"pointer in unexported": struct{ c *Credentials }{&credentials},
		"slice in unexported":   struct{ c []Credentials }{[]Credentials{credentials}},
		"map":                   map[string]Credentials{"a": credentials},
		"interface":             struct{ p Provider }{NewStaticProvider(credentials)},
		"profile":               Profile{Credentials: credentials},
	}
	var verbs []string
	for _, verb := range "vsqxXdTpobcUeEfFgGt" {
		for _, flag := range []string{"", "+", "#", " ", "-60", "+#"} {
			verbs = append(verbs, "%"+flag+string(verb))
		}
	}
	for name, holder := range holders {
		for _, verb := range verbs {
			assertNoSecret(t, name+" "+verb, fmt.Sprintf(verb, holder))
		}
		if encoded, err := json.Marshal(holder); err == nil {
			assertNoSecret(t, name+" as JSON", string(encoded))
		}
		var text, structured bytes.Buffer
		slog.New(slog.NewTextHandler(&text, nil)).Info("m", "holder", holder)
		slog.New(slog.NewJSONHandler(&structured, nil)).Info("m", "holder", holder)
		assertNoSecret(t, name+" by slog", text.String()+structured.String())
	}
}

// assertNoSecret also looks for the secrets as %x and %d would write them.
func assertNoSecret(t *testing.T, name, text string) {
	t.Helper()
	for _, secret := range []string{printSecret, printToken} {
		for _, form := range []string{secret, secret[4:20]} {
			hex := fmt.Sprintf("%x", form)
			spaced := fmt.Sprintf("% x", form)
			decimal := strings.Trim(fmt.Sprintf("%d", []byte(form)), "[]")
			for _, bad := range []string{form, hex, strings.ToUpper(hex), spaced, strings.ToUpper(spaced), decimal} {
				if strings.Contains(text, bad) {
					t.Errorf("%s shows a secret: %s", name, text)
				}
			}
		}
	}
}

func TestCredentialsString(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]Credentials{
		"credentials(none)":  {},
		"credentials(AKID…)": NewCredentials(printID, printSecret, ""),
		"credentials(…)":     NewCredentials("short", printSecret, ""),
	} {
		if got := c.String(); got != want {
			t.Errorf("String() = %s; want %s", got, want)
		}
		if got := fmt.Sprintf("%#v", c); got != want {
			t.Errorf("%%#v = %s; want %s", got, want)
		}
	}
}

func TestCredentialsAccessors(t *testing.T) {
	t.Parallel()
	c := NewCredentials(printID, printSecret, printToken)
	if _, ok := c.Expiry(); ok || !c.Temporary() || c.IsZero() || c.AccessKeyID() != printID {
		t.Errorf("accessors of %v are wrong", c)
	}
	if expires, ok := c.WithExpiry(signTime).Expiry(); !ok || !expires.Equal(signTime) {
		t.Errorf("expiry = %v, %t", expires, ok)
	}
	if NewCredentials(printID, printSecret, "").Temporary() {
		t.Error("a permanent key is temporary")
	}
}

func TestStaticProvider(t *testing.T) {
	t.Parallel()
	if _, err := NewStaticProvider(Credentials{}).Retrieve(t.Context()); !errors.Is(err, ErrNoCredentials) {
		t.Errorf("error of no credentials = %v", err)
	}
	got, err := NewStaticProvider(testCredentials).Retrieve(t.Context())
	if err != nil || got.AccessKeyID() != testCredentials.AccessKeyID() {
		t.Errorf("Retrieve = %v, %v", got, err)
	}
}

// providerFunc is a provider for tests.
type providerFunc func(context.Context) (Credentials, error)

func (f providerFunc) Retrieve(ctx context.Context) (Credentials, error) { return f(ctx) }
