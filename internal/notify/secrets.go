package notify

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// The specification's limits of a secret, in bytes.
const minSecret, maxSecret = 24, 64

// secretPrefix is the prefix of a secret's text.
const secretPrefix = "whsec_"

// Secrets sign messages. The zero value has none. They are in closures, so that no fmt verb prints them.
type Secrets struct{ signers []signer }

type signer func(id string, at time.Time, body []byte) (string, error)

// ParseSecrets reads secrets separated by white space or commas, each written as whsec_ and base64. With
// several secrets, for rotation, messages have a signature of each. Errors do not contain them.
func ParseSecrets(text string) (Secrets, error) {
	var s Secrets
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n,", r) })
	for i, word := range words {
		sign, err := newSigner(word)
		if err != nil {
			return Secrets{}, fmt.Errorf("secret %d of %d: %w; make one with: echo whsec_$(openssl rand -base64 32)", i+1, len(words), err)
		}
		s.signers = append(s.signers, sign)
	}
	return s, nil
}

func newSigner(word string) (signer, error) {
	encoded, found := strings.CutPrefix(word, secretPrefix)
	if !found {
		return nil, errors.New("must begin with " + secretPrefix)
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, errors.New("not base64 after " + secretPrefix)
	}
	if len(key) < minSecret || len(key) > maxSecret {
		return nil, fmt.Errorf("must be %d to %d bytes long, not %d", minSecret, maxSecret, len(key))
	}
	webhook, err := standardwebhooks.NewWebhookRaw(key)
	if err != nil {
		return nil, err
	}
	return webhook.Sign, nil
}

// Any reports whether there is a secret.
func (s Secrets) Any() bool { return len(s.signers) > 0 }

// sign sets the specification's headers on a request.
func (s Secrets) sign(request *http.Request, id string, at time.Time, body []byte) error {
	signatures := make([]string, len(s.signers))
	for i, sign := range s.signers {
		var err error
		if signatures[i], err = sign(id, at, body); err != nil {
			return err
		}
	}
	request.Header.Set(standardwebhooks.HeaderWebhookID, id)
	request.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	request.Header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return nil
}
