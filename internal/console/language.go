package console

import (
	"net/http"
	"strings"
)

// language is that of a page. The texts in templates and code are the English ones, and [chinese] has each of them.
type language string

// The languages.
const (
	english    language = "en"
	simplified language = "zh-Hans"
)

// languageCookie keeps the language that somebody chose.
const languageCookie = "havip_language"

// languageOf is the chosen language, else the first of the browser's that the console has.
func languageOf(r *http.Request) language {
	if cookie, err := r.Cookie(languageCookie); err == nil {
		switch chosen := language(cookie.Value); chosen {
		case english, simplified:
			return chosen
		}
	}
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		switch primary, _, _ := strings.Cut(strings.ToLower(tag), "-"); primary {
		case "zh":
			return simplified
		case "en":
			return english
		}
	}
	return english
}

// kinds precede names that mean different things in different places, such as "state created" and "class created". English has
// the names as they are in the commands.
var kinds = []string{"state ", "class ", "action ", "severity "}

// translate returns the text in the language; texts that are not of the catalog stay as they are.
func (l language) translate(text string) string {
	if l == simplified {
		if translated, known := chinese[text]; known {
			return translated
		}
	}
	for _, kind := range kinds {
		if name, ok := strings.CutPrefix(text, kind); ok {
			return name
		}
	}
	return text
}

// chineseUnits are those of [words.Span].
var chineseUnits = strings.NewReplacer("d", " 天 ", "h", " 小时 ", "m", " 分 ", "s", " 秒")

// duration returns a duration such as 5m30s in the language.
func (l language) duration(text string) string {
	if l != simplified {
		return text
	}
	return strings.TrimSpace(chineseUnits.Replace(text))
}

// setLanguage keeps the language, and returns to the page.
func (c *console) setLanguage(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // not a secret, and the console may be served without TLS
		Name: languageCookie, Value: string(chosenLanguage(r)), Path: "/", MaxAge: 365 * 24 * 60 * 60,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
	})
	http.Redirect(w, r, ownPath(r.URL.Query().Get("back")), http.StatusSeeOther) //nolint:gosec // ownPath allows only paths of this console
}

func chosenLanguage(r *http.Request) language {
	if language(r.URL.Query().Get("to")) == simplified {
		return simplified
	}
	return english
}

// ownPath returns the path if it is one of this console, and that of the first page otherwise: a link must not lead elsewhere.
func ownPath(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n") {
		return "/"
	}
	return path
}
