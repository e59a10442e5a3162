package audit

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"havip/bce"
	"havip/tasks"
)

// Cloud reads a lane in BCE; [*bce.Client] implements it.
type Cloud interface {
	tasks.Lister
	GetHaVIP(ctx context.Context, haVIPID string) (*bce.GetHaVIPOutput, error)
	// Endpoint returns the endpoint's scheme and host.
	Endpoint() string
}

// get reads one HaVIP; found is false if BCE reports that it does not exist.
func get(ctx context.Context, api Cloud, reader tasks.Reader, id string) (h bce.HaVIP, found bool, err error) {
	err = reader.Read(ctx, func(ctx context.Context) error {
		out, err := api.GetHaVIP(ctx, id)
		if err == nil {
			h, found = out.HaVIP, true
		}
		return err
	})
	if NotFound(err) {
		return bce.HaVIP{}, false, nil
	}
	return h, found, err
}

// NotFound reports whether BCE's error says that a HaVIP or subnet does not exist. Neither status nor code is
// documented; these are the codes that its services use. Other errors prove nothing.
func NotFound(err error) bool {
	var refused *bce.Error
	if !errors.As(err, &refused) || refused.Kind != bce.KindAPI || refused.Code == bce.CodeInvalidVersion {
		return false
	}
	for _, word := range []string{bce.CodeNoSuchObject, "NoSuch", "NotFound", "NotExist"} {
		if strings.Contains(refused.Code, word) {
			return true
		}
	}
	return refused.StatusCode == http.StatusNotFound
}
