package cli

import (
	"cmp"
	"context"

	"github.com/spf13/pflag"

	"havip/bce"
	"havip/tasks"
)

// Setting is a setting in force and its source. It contains no secret.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// Source is a flag, a variable, a profile and its file, or "default".
	Source string `json:"source"`
	// Error says why there is no value, else "".
	Error string `json:"error,omitempty"`
	// Fingerprint is the access key's, set only for credentials: see [bce.Credentials.Fingerprint].
	Fingerprint string `json:"fingerprint,omitempty"`
}

// CloudSettings are region, endpoint and credentials of the default account, as a [Cloud] of these flags uses them.
// The order of precedence is flag, variable, current profile of ~/.bce/config.json, default. The flags are those of the
// running command, including --region and --endpoint; a region of the profile is set in them.
func CloudSettings(ctx context.Context, flags *pflag.FlagSet, getenv Getenv) []Setting {
	region := Setting{Name: "region"}
	if err := applyProfile(ctx, flags, getenv); err != nil {
		region.Error = err.Error()
	} else {
		region.Value, region.Source = flags.Lookup(regionFlag).Value.String(), SourceOf(flags, regionFlag)
	}
	cloud := Cloud{Getenv: getenv}
	if f := flags.Lookup("endpoint"); f != nil {
		cloud.Endpoint = f.Value.String()
	}
	settings := []Setting{region, {Name: "endpoint"}, cloud.credentialsSetting(ctx)}
	if settings[1] = cloud.endpointSetting(ctx, cmp.Or(region.Value, DefaultRegion), SourceOf(flags, "endpoint")); region.Error != "" && cloud.Endpoint == "" {
		settings[1] = Setting{Name: "endpoint", Error: region.Error}
	}
	return settings
}

// ProfileSetting returns the current profile of bce-cli, with its file as source.
func ProfileSetting(ctx context.Context, getenv Getenv) Setting {
	s := Setting{Name: "profile"}
	file, err := profileFile(getenv, tasks.DefaultAccount, AccountSource{})
	if err != nil {
		s.Source = "none: HOME is not set"
		return s
	}
	profile, err := file.Place(ctx)
	switch {
	case err != nil:
		s.Source, s.Error = file.Path, err.Error()+"; repair the file"
	case profile.Name == "":
		s.Source = "none in " + file.Path
	default:
		s.Value, s.Source = profile.Name, profile.Path
	}
	return s
}

func (c Cloud) endpointSetting(ctx context.Context, region, source string) Setting {
	s := Setting{Name: "endpoint", Value: c.Endpoint, Source: source}
	if c.Endpoint == "" {
		profile, err := placeOf(ctx, c.Getenv, tasks.DefaultAccount, AccountSource{})
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
		Region: region, Endpoint: s.Value, AllowPlainHTTP: true, // not checked here
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
	credentials, err := c.Provider(tasks.DefaultAccount).Retrieve(ctx)
	if err != nil {
		s.Error = err.Error()
		return s
	}
	s.Value, s.Source, s.Fingerprint = credentials.ShortID(), credentials.Source(), credentials.Fingerprint()
	return s
}
