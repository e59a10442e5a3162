package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"havip/bce"
	"havip/tasks"
)

// AccountSource says where an account's credentials are. The zero value is that of an account that no file describes: the
// variables for the default account, else its profile.
type AccountSource struct {
	// Profile is the name of a profile; "" means the current one for the default account, else that of the account's name.
	// File is its file in bce-cli's format; "" means ~/.bce/config.json.
	Profile, File string
	// Endpoint replaces the profile's.
	Endpoint string
	// Role, if not nil, is assumed with the credentials of the account By, at the security token service STS; "" means BCE's.
	Role    *bce.Role
	By, STS string
}

// profileFile returns an account's profile in a file of bce-cli's format.
func profileFile(getenv Getenv, account string, source AccountSource) (bce.ProfileFile, error) {
	file := bce.ProfileFile{Path: source.File, Name: source.Profile}
	if file.Path == "" {
		home, err := homeDir(getenv)
		if err != nil {
			return bce.ProfileFile{}, fmt.Errorf("profile file ~/.bce/config.json: %w: %w; set it", bce.ErrNoCredentials, err)
		}
		file.Path = bce.ProfilePath(home)
	}
	if file.Name == "" && account != tasks.DefaultAccount {
		file.Name = account
	}
	return file, nil
}

// placeOf returns region and endpoint of an account's profile; zero if there is none.
func placeOf(ctx context.Context, getenv Getenv, account string, source AccountSource) (bce.Profile, error) {
	file, err := profileFile(getenv, account, source)
	if errors.Is(err, bce.ErrNoCredentials) { // there is no home directory
		return bce.Profile{}, nil
	}
	return file.Place(ctx)
}

// regionFlag is the flag whose default is the current profile's region.
const regionFlag = "region"

// applyProfile sets --region from the current profile, unless command line or variable did. An unreadable profile is an
// error, because the default could be the wrong region. The endpoint depends on the account; see [Cloud].
func applyProfile(ctx context.Context, flags *pflag.FlagSet, getenv Getenv) error {
	f := flags.Lookup(regionFlag)
	if f == nil || f.Changed {
		return nil
	}
	profile, err := placeOf(ctx, getenv, tasks.DefaultAccount, AccountSource{})
	if err != nil {
		return Failf(ExitConfig, "region: %w; repair the file, or set BCE_REGION", err)
	}
	if profile.Region == "" {
		return nil
	}
	if err := set(flags, f, profile.Region, profile.String()); err != nil {
		return Failf(ExitConfig, "%s: %w", profile, valueError(err))
	}
	return nil
}
