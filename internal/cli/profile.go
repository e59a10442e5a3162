package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"havip/bce"
	"havip/tasks"
)

// profileFile is the file of bce-cli, and in it an account's profile: that of its name, or of the default
// account the current one.
func profileFile(getenv Getenv, account string) (bce.ProfileFile, error) {
	home, err := homeDir(getenv)
	if err != nil {
		return bce.ProfileFile{}, fmt.Errorf("profile file ~/.bce/config.json: %w: %w; set it", bce.ErrNoCredentials, err)
	}
	file := bce.ProfileFile{Path: bce.ProfilePath(home)}
	if account != tasks.DefaultAccount {
		file.Name = account
	}
	return file, nil
}

// placeOf is the region and endpoint of an account's profile; zero where there is none.
func placeOf(getenv Getenv, account string) (bce.Profile, error) {
	file, err := profileFile(getenv, account)
	if errors.Is(err, bce.ErrNoCredentials) { // and no home to look in
		return bce.Profile{}, nil
	}
	return file.Place()
}

// regionFlag is the flag that the current profile's region is the default of.
const regionFlag = "region"

// applyProfile sets --region from the current profile where neither command line nor variable did. A profile that
// cannot be read is an error: the default in its stead could be the wrong region. The endpoint is each
// account's own; see [Cloud].
func applyProfile(flags *pflag.FlagSet, getenv Getenv) error {
	f := flags.Lookup(regionFlag)
	if f == nil || f.Changed {
		return nil
	}
	profile, err := placeOf(getenv, tasks.DefaultAccount)
	if err != nil {
		return Failf(ExitConfig, "region: %w; repair the file, or set BCE_REGION", err)
	}
	if profile.Region == "" {
		return nil
	}
	return set(flags, f, profile.Region, profile.String())
}
