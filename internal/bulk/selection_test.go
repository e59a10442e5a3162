package bulk

import (
	"strings"
	"testing"

	"havip/ledger"
)

func TestParseSelection(t *testing.T) {
	t.Parallel()
	for where, want := range map[string]string{
		"":                          "all items",
		"state=rejected":            "state=rejected",
		"code=a=b":                  "code=a=b",
		"code=":                     "code=",
		"key=web-1|state=rejected":  "key=web-1 state=rejected",
		"state=review|state=review": "state=review state=review",
	} {
		got, err := ParseSelection(split(where))
		if err != nil || got.String() != want {
			t.Errorf("%q: got %q, %v", where, got, err)
		}
	}
	for where, why := range map[string]string{
		"state":                       `"state": must be FIELD=VALUE, where FIELD is one of state, code, key, account, region, subnetId, class`,
		"name=x":                      `"name=x": must be FIELD=VALUE`,
		"=x":                          `must be FIELD=VALUE`,
		"state=lost":                  `"state=lost": state must be one of queued,`,
		"state=review|state=rejected": `"state=rejected": state=review is asked for as well, and no item has both`,
	} {
		_, err := ParseSelection(split(where))
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: got %v", where, err)
		}
	}
}

func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "|")
}

func TestSelectionMatches(t *testing.T) {
	t.Parallel()
	item := ledger.Item{
		Spec:   ledger.Spec{Key: "web-1", Account: "team", Region: "gz", Body: `{"name":"n","subnetId":"sbn-1"}`},
		Record: ledger.Record{State: ledger.Rejected, Code: "NoSuchObject", Class: "rejected"},
	}
	for where, want := range map[string]bool{
		"": true, "state=rejected": true, "state=review": false, "code=NoSuchObject": true, "code=NoSuch": false, "code=": false,
		"key=web-1": true, "key=web": false, "account=team": true, "account=default": false, "region=gz": true, "region=bj": false,
		"subnetId=sbn-1": true, "subnetId=sbn-2": false, "class=rejected": true, "class=unknown": false,
		"state=rejected|subnetId=sbn-1": true, "state=rejected|subnetId=sbn-2": false,
	} {
		chosen, err := ParseSelection(split(where))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := chosen.matches(item); err != nil || got != want {
			t.Errorf("%q: got %v, %v", where, got, err)
		}
	}
}
