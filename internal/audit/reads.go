package audit

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"havip/bce"
	"havip/tasks"
)

// Cloud is what is read of a lane in BCE; [*bce.Client] is one.
type Cloud interface {
	tasks.Lister
	GetHaVIP(ctx context.Context, haVIPID string) (*bce.GetHaVIPOutput, error)
	// Endpoint is where the requests go: scheme and host.
	Endpoint() string
}

// get reads one HaVIP; found is false when BCE says that there is none.
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

// NotFound reports whether BCE says that there is no such HaVIP or subnet. Neither status nor code is
// documented for them; these are the words that its services use. Anything else proves nothing.
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
