package spelling

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"batch", "state", "status", "haVipId", "subnetId", "x", "ip", "rps", "yaml"}
	for word, want := range map[string]string{
		"bach":                          "batch",
		"rsp":                           "rps",
		"abtch":                         "batch",
		"pi":                            "ip",
		"ap":                            "ip",
		"ab":                            "",
		"STATE":                         "state",
		"stat":                          "state",
		"have_vip_id":                   "haVipId",
		"subnet-id":                     "subnetId",
		"havipid":                       "haVipId",
		"y":                             "",
		"yml":                           "yaml",
		"ymal":                          "yaml",
		"xml":                           "",
		"toml":                          "",
		"stattuss":                      "status",
		"":                              "",
		"nonsense":                      "",
		strings.Repeat("state", 10_000): "",
	} {
		got, found := Nearest(word, known)
		if got != want || found != (want != "") {
			t.Errorf("%.20q: got %q, %t, want %q", word, got, found, want)
		}
	}
}

func TestDidYouMean(t *testing.T) {
	t.Parallel()
	if got, want := DidYouMean("bach", "--", []string{"batch"}), "; did you mean --batch?"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := DidYouMean("zzz", "--", []string{"batch"}); got != "" {
		t.Errorf("got %q for a word like none", got)
	}
}

func TestThen(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"unknown word":                  "; see help",
		"unknown word; did you mean X?": " See help",
	} {
		if got := Then(text, "see help"); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
