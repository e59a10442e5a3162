package audit

import (
	"context"
	"maps"
	"slices"

	"havip/tasks"
)

// keyHolder is a [Cloud] with a digest of its access key; [*bce.Client] is one.
type keyHolder interface {
	KeyDigest(ctx context.Context) (string, error)
}

// accessKey compares the access key here with those of the lane's workers. It is a note: an account has as many keys as it
// has users.
func (x *examination) accessKey(ctx context.Context, l tasks.Lane, api Cloud) error {
	holder, ok := api.(keyHolder)
	if !ok {
		return nil
	}
	own, err := holder.KeyDigest(ctx)
	if err != nil {
		return nil //nolint:nilerr // the request that follows fails for it, and is reported
	}
	infos, err := x.ledger.WorkerInfos(ctx)
	if err != nil {
		return err
	}
	var others []string
	for _, name := range slices.Sorted(maps.Keys(infos)) {
		for _, served := range infos[name].Lanes {
			if served.Lane == l.String() && served.Key != "" && served.Key != own {
				others = append(others, name+" ("+served.Key+")")
			}
		}
	}
	if len(others) == 0 {
		return nil
	}
	return x.tell(note(CodeAccessKey, "lane "+l.String(), "Workers use another access key than this shell (fingerprint %s): %s.", own, examples(others)).
		saying("If it belongs to another account, `verify`, `plan --live` and `doctor` see other HaVIPs than the workers create.",
			"Unless that is intended, use one key for both; `enqueue help environment` lists where credentials are read from."))
}
