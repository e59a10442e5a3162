package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// The secret and the message of the specification's own libraries, with the signature that they expect.
const (
	knownSecret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	knownID        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	knownBody      = `{"test": 2432232314}`
	knownSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

var knownTime = time.Unix(1614265330, 0)

func secretsOf(t *testing.T, text string) Secrets {
	t.Helper()
	s, err := ParseSecrets(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func signed(t *testing.T, s Secrets) http.Header {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, "http://localhost/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.sign(request, knownID, knownTime, []byte(knownBody)); err != nil {
		t.Fatal(err)
	}
	return request.Header
}

func TestSignatureOfTheSpecification(t *testing.T) {
	t.Parallel()
	head := signed(t, secretsOf(t, knownSecret))
	for name, want := range map[string]string{"webhook-id": knownID, "webhook-timestamp": "1614265330", "webhook-signature": knownSignature} {
		if got := head.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// With two secrets, both sign; the second signature is computed here by hand.
func TestTwoSecretsSign(t *testing.T) {
	t.Parallel()
	key := []byte("another key of thirty-two bytes.")
	second := "whsec_" + base64.StdEncoding.EncodeToString(key)
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "%s.%d.%s", knownID, knownTime.Unix(), knownBody)
	want := knownSignature + " v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for _, between := range []string{" ", "\n", ", "} {
		if got := signed(t, secretsOf(t, knownSecret+between+second+"\n")).Get("webhook-signature"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestParseSecretsRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw":    "must begin with whsec_",
		"whsec_not!base64=hunter2":            "not base64",
		"whsec_c2hvcnQ=":                      "24 to 64 bytes long, not 5",
		knownSecret + " whsec_c2hvcnQ=":       "secret 2 of 2",
		"whsec_" + strings.Repeat("QUJD", 30): "not 90",
	} {
		_, err := ParseSecrets(text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), strings.TrimPrefix(text, "whsec_")) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if s := secretsOf(t, " \n"); s.Any() {
		t.Error("nothing is taken for a secret")
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	s := secretsOf(t, knownSecret)
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(knownSecret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	sender := NewSender(Hosts{}, s)
	for _, value := range []any{s, &s, sender, *sender, NewHandler(nil, sender, zerolog.Nop())} {
		for _, verb := range []string{"%v", "%+v", "%#v"} {
			text := fmt.Sprintf(verb, value)
			for _, secret := range []string{knownSecret[6:], string(key), strings.Trim(fmt.Sprintf("%d", key), "[]"), hex.EncodeToString(key)} {
				if strings.Contains(text, secret) {
					t.Errorf("%s of %T prints it: %s", verb, value, text)
				}
			}
		}
	}
}
