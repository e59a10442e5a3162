package bce

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const profileJSON = `{
  "current": "work",
  "profiles": [
    {"name": "default", "mode": "AK", "access_key_id": "id-default", "secret_access_key": "secret", "security_token": "stale", "region": "bj"},
    {"name": "work", "mode": "StsToken", "access_key_id": " id-work ", "secret_access_key": "secret", "security_token": "token", "region": "gz", "endpoint": "bcc.gz.baidubce.com"},
    {"name": "bare", "access_key_id": "id-bare", "secret_access_key": "secret"},
    {"name": "tokenless", "mode": "StsToken", "access_key_id": "id", "secret_access_key": "secret"},
    {"name": "secretless", "mode": "AK", "access_key_id": "id"},
    {"name": "keyless", "mode": "AK", "secret_access_key": "secret"},
    {"name": "odd", "mode": "Browser", "access_key_id": "id", "secret_access_key": "secret"}
  ]
}`

func writeProfile(t *testing.T, content string, mode fs.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
	return path
}

func TestProfile(t *testing.T) {
	t.Parallel()
	path := writeProfile(t, profileJSON, 0o600)
	for name, want := range map[string]struct {
		secrets                secrets
		name, region, endpoint string
	}{
		"default": {secrets{"id-default", "secret", ""}, "default", "bj", ""},
		"":        {secrets{"id-work", "secret", "token"}, "work", "gz", "bcc.gz.baidubce.com"},
		"bare":    {secrets{"id-bare", "secret", ""}, "bare", "", ""},
	} {
		p, err := ProfileFile{Path: path, Name: name}.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if p.Credentials.secrets() != want.secrets || p.Name != want.name || p.Region != want.region || p.Endpoint != want.endpoint {
			t.Errorf("profile %q = %+v; want %+v", name, p, want)
		}
		if p.Path != path || p.Warning() != "" {
			t.Errorf("profile %q has path %q and warning %q", name, p.Path, p.Warning())
		}
	}
	if c, err := (ProfileFile{Path: path}).Retrieve(t.Context()); err != nil || c.AccessKeyID() != "id-work" {
		t.Errorf("Retrieve = %v, %v", c, err)
	}
}

func TestProfileWithoutCurrentIsDefault(t *testing.T) {
	t.Parallel()
	p, err := parseProfile([]byte(`{"profiles":[{"name":"default","access_key_id":"id","secret_access_key":"secret"}]}`), "")
	if err != nil || p.Name != "default" {
		t.Errorf("profile = %+v, %v", p, err)
	}
}

// Editors on Windows put a byte order mark before a file.
func TestProfileWithByteOrderMark(t *testing.T) {
	t.Parallel()
	p, err := ProfileFile{Path: writeProfile(t, "\ufeff"+profileJSON, 0o600)}.Load(t.Context())
	if err != nil || p.Name != "work" {
		t.Errorf("profile = %+v, %v", p, err)
	}
}

// TestProfilePlace: where to send is known without credentials, and nothing is made up where a file is broken.
func TestProfilePlace(t *testing.T) {
	t.Parallel()
	whole := writeProfile(t, profileJSON, 0o600)
	for name, c := range map[string]struct {
		file             ProfileFile
		region, endpoint string
		want             string
	}{
		"current":           {ProfileFile{whole, ""}, "gz", "bcc.gz.baidubce.com", ""},
		"named":             {ProfileFile{whole, "default"}, "bj", "", ""},
		"unusable for keys": {ProfileFile{writeProfile(t, `{"profiles":[{"name":"default","mode":"Browser","region":" su\n"}]}`, 0o600), ""}, "su", "", ""},
		"no file":           {ProfileFile{ProfilePath(t.TempDir()), ""}, "", "", ""},
		"below a file":      {ProfileFile{ProfilePath(whole), ""}, "", "", ""},
		"no path":           {ProfileFile{}, "", "", ""},
		"no profiles":       {ProfileFile{writeProfile(t, "{}", 0o600), ""}, "", "", ""},
		"none current":      {ProfileFile{writeProfile(t, `{"profiles":[{"name":"other","region":"gz"}]}`, 0o600), ""}, "", "", ""},
		"current missing":   {ProfileFile{writeProfile(t, `{"current":"prod"}`, 0o600), ""}, "", "", `"prod"`},
		"named missing":     {ProfileFile{whole, "nobody"}, "", "", `"nobody"`},
		"broken":            {ProfileFile{writeProfile(t, "{", 0o600), ""}, "", "", "line 1, column 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := c.file.Place(t.Context())
			if p.Region != c.region || p.Endpoint != c.endpoint || !p.Credentials.IsZero() {
				t.Errorf("got %+v, %v", p, err)
			}
			if (err != nil) != (c.want != "") || err != nil && (!strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.file.Path)) {
				t.Errorf("got error %v, want %q", err, c.want)
			}
		})
	}
}

func TestProfileErrors(t *testing.T) {
	t.Parallel()
	path := writeProfile(t, profileJSON, 0o600)
	for name, c := range map[string]struct {
		file ProfileFile
		want []string
	}{
		"no such profile": {ProfileFile{path, "nobody"}, []string{path, `"nobody"`, "no such profile", `"work"`}},
		"no token":        {ProfileFile{path, "tokenless"}, []string{path, `"tokenless"`, "security_token"}},
		"no secret":       {ProfileFile{path, "secretless"}, []string{path, `"secretless"`, "secret_access_key is missing"}},
		"no key":          {ProfileFile{path, "keyless"}, []string{path, `"keyless"`, "access_key_id is missing"}},
		"mode":            {ProfileFile{path, "odd"}, []string{path, `"odd"`, `"Browser"`, "use AK or StsToken"}},
		"not JSON":        {ProfileFile{writeProfile(t, "{", 0o600), ""}, []string{"not valid JSON"}},
		"empty":           {ProfileFile{writeProfile(t, "{}", 0o600), ""}, []string{`"default"`, "no profiles", "bce configure"}},
		"quotes":          {ProfileFile{writeProfile(t, `{"profiles":[{"name":"default","access_key_id":"id","secret_access_key":"\"abc\""}]}`, 0o600), ""}, []string{"secret_access_key has quotes"}},
		"not JSON at":     {ProfileFile{writeProfile(t, "{\n  \"current\": \"北京\",}", 0o600), ""}, []string{"line 2, column 19:", "not valid JSON"}},
		"ends at":         {ProfileFile{writeProfile(t, "{\n  \"current\": \"a\"", 0o600), ""}, []string{"line 2, column 17:", "unexpected end"}},
		"behind the end":  {ProfileFile{writeProfile(t, "{} x", 0o600), ""}, []string{"line 1, column 4:", "'x'"}},
		"BOM and a fault": {ProfileFile{writeProfile(t, "\ufeff{]", 0o600), ""}, []string{"line 1, column 2:"}},
		"kind at":         {ProfileFile{writeProfile(t, "{\"profiles\":[\n{\"region\":12}]}", 0o600), ""}, []string{"line 2, column 12:", "profiles.region", "number"}},
		"a list":          {ProfileFile{writeProfile(t, "[]", 0o600), ""}, []string{"line 1, column 1:", "JSON object"}},
		"UTF-16":          {ProfileFile{writeProfile(t, "\xff\xfe{\x00}\x00", 0o600), ""}, []string{"UTF-16", "UTF-8"}},
		"too large":       {ProfileFile{writeProfile(t, strings.Repeat(" ", maxProfileBytes+1), 0o600), ""}, []string{"larger than"}},
		"no path":         {ProfileFile{}, []string{"path is empty"}},
		"a folder":        {ProfileFile{t.TempDir(), ""}, []string{"is a directory"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := c.file.Load(t.Context())
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error = %v; want %q in it", err, want)
				}
			}
			if errors.Is(err, ErrNoCredentials) {
				t.Errorf("%v would let a chain go on", err)
			}
		})
	}
}

func TestProfileMissingFile(t *testing.T) {
	t.Parallel()
	path := ProfilePath(t.TempDir())
	_, err := ProfileFile{Path: path}.Load(t.Context())
	if !errors.Is(err, ErrNoCredentials) || !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("error = %v", err)
	}
	if !strings.HasSuffix(path, filepath.Join(".bce", "config.json")) {
		t.Errorf("path = %s", path)
	}
}

func TestProfileWarning(t *testing.T) {
	t.Parallel()
	for mode, warned := range map[fs.FileMode]bool{0o600: false, 0o400: false, 0o640: true, 0o604: true, 0o644: true} {
		path := writeProfile(t, profileJSON, mode)
		p, err := ProfileFile{Path: path}.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if warning := p.Warning(); (warning != "") != warned || warned && !strings.Contains(warning, "chmod 600 "+path) {
			t.Errorf("warning at mode %04o = %q", mode, warning)
		}
	}
}

func FuzzParseProfile(f *testing.F) {
	f.Add([]byte(profileJSON), "")
	f.Add([]byte(`{"profiles":[null]}`), "default")
	f.Fuzz(func(t *testing.T, content []byte, name string) {
		p, err := parseProfile(content, name)
		if err != nil {
			return
		}
		s := p.Credentials.secrets()
		if s.accessKeyID == "" || s.secretAccessKey == "" {
			t.Errorf("profile without error has no credentials: %q", content)
		}
		if name != "" && p.Name != name {
			t.Errorf("asked for profile %q, got %q", name, p.Name)
		}
	})
}
