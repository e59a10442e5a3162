package audit

import (
	"context"
	"maps"
	"slices"

	"havip/tasks"
)

// keyHolder is a [Cloud] with a digest of its access key; [*bce.Client] implements it.
type keyHolder interface {
	KeyDigest(ctx context.Context) (string, error)
}

// accessKey compares this shell's access key with those of the lane's workers. A difference is only a note, because an
// account may have many keys.
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
	return x.report(note(CodeAccessKey, "lane "+l.String(), "Workers use another access key than this shell (fingerprint %s): %s.", own, examples(others)).
		meaning("If it belongs to another account, `verify`, `plan --live` and `doctor` see other HaVIPs than the workers create.",
			"Unless that is intended, use one key for both; `enqueue help environment` lists where credentials are read from."))
}
