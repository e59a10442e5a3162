package cli

import (
	"context"

	"github.com/spf13/pflag"

	"havip/bce"
	"havip/tasks"
)

// Setting is a setting in force and where it comes from. It holds no secret.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// Source is a flag, a variable, a profile and its file, or "default".
	Source string `json:"source"`
	// Error says why there is no value; "" otherwise.
	Error string `json:"error,omitempty"`
	// Fingerprint is of the access key, and so only of the credentials: see [bce.Credentials.Fingerprint].
	Fingerprint string `json:"fingerprint,omitempty"`
}

// CloudSettings are region, endpoint and credentials of the default account, as a [Cloud] of these flags uses them.
// For each, the order is flag, variable, current profile of ~/.bce/config.json, default. The flags are those of a
// command that runs, --region and --endpoint among them.
func CloudSettings(ctx context.Context, flags *pflag.FlagSet, getenv Getenv) []Setting {
	region := Setting{Name: "region", Value: flags.Lookup(regionFlag).Value.String(), Source: SourceOf(flags, regionFlag)}
	cloud := Cloud{Getenv: getenv}
	if f := flags.Lookup("endpoint"); f != nil {
		cloud.Endpoint = f.Value.String()
	}
	return []Setting{region, cloud.endpointSetting(region.Value, SourceOf(flags, "endpoint")), cloud.credentialsSetting(ctx)}
}

func (c Cloud) endpointSetting(region, source string) Setting {
	s := Setting{Name: "endpoint", Value: c.Endpoint, Source: source}
	if c.Endpoint == "" {
		profile, err := placeOf(c.Getenv, tasks.DefaultAccount)
		s.Value = profile.Endpoint
		switch {
		case err != nil:
			s.Error = err.Error()
			return s
		case profile.Endpoint != "":
			s.Source = profile.String()
		}
	}
	client, err := bce.NewClient(bce.Config{
		Region: region, Endpoint: s.Value, AllowPlainHTTP: true, // how it is reached is no matter here
		Credentials: bce.NewStaticProvider(bce.Credentials{}),
	})
	if err != nil {
		s.Error = err.Error()
		return s
	}
	s.Value = client.Endpoint()
	return s
}

func (c Cloud) credentialsSetting(ctx context.Context) Setting {
	s := Setting{Name: "credentials"}
	credentials, err := c.provider(tasks.DefaultAccount).Retrieve(ctx)
	if err != nil {
		s.Error = err.Error()
		return s
	}
	s.Value, s.Source, s.Fingerprint = credentials.ShortID(), credentials.Source(), credentials.Fingerprint()
	return s
}
