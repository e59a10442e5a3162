package console

import (
	"context"

	"havip/internal/report"
)

func workersPage(ctx context.Context, v *visit) (content, error) {
	workers, err := report.Workers(ctx, v.session)
	return content{template: "workers.html", Title: v.T("Workers"), Section: "/workers", Data: workers}, err
}
