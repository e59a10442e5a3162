# What this project's people run. `make test` and `make lint` install what they need.

GOLANGCI_LINT_VERSION := v2.15.0
GOVULNCHECK_VERSION := v1.9.0
NFPM_VERSION := v2.45.2
CYCLONEDX_VERSION := v1.10.0
TOOLS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/havip-tools
GOLANGCI_LINT := $(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION)/golangci-lint
NFPM := $(TOOLS)/nfpm-$(NFPM_VERSION)/nfpm
CYCLONEDX := $(TOOLS)/cyclonedx-gomod-$(CYCLONEDX_VERSION)/cyclonedx-gomod
PROMTOOL := $(TOOLS)/promtool
FUZZTIME ?= 30s

.PHONY: all build test test-slow test-browser test-busy test-sdk chaos chaos-short chaos-failover chaos-personalities kill-apply simulate mutants bench lint fmt rules fuzz vuln verify-compose verify-deploy manifests tidy redis-server postgres python3 chromium axe man licenses release clean

all: build

build:
	CGO_ENABLED=0 go build -trimpath -o bin/ ./cmd/...

## man: the manual pages of the three programs, in man/; dated by the commit
man: build
	for program in enqueue worker bcesim; do bin/$$program man man/man1 || exit 1; done

## release: archives, packages, SBOMs and checksums of the commit that is checked out, in dist/; see docs/releasing.md
release: $(NFPM) $(CYCLONEDX)
	scripts/release $(NFPM) $(CYCLONEDX)

# Tests wait for processes and for Redis most of the time, so that the number of processors, which is the
# default of both, is no measure. The longest package goes first. The lint vets; the tables for debuggers are left out.
GOTEST := go test -race -vet=off -ldflags=-w -shuffle=on -p 4 -parallel 8 -timeout 60m

## test: everything that every change runs, with the race detector, and the simulation without it too; redis-server and python3 are installed, and promtool fetched, when missing; the programs that the end-to-end tests start have the detector in chaos, and in go test -race ./test/e2e
test: redis-server python3 test-sdk rules
	go test -count=1 -timeout 20m ./test/simulation
	E2E_BUILDFLAGS= $(GOTEST) -skip '^TestSlow|^TestBrowser' ./test/e2e ./...

## test-slow: what takes real minutes, or tens of seconds of a processor, in the packages that have such tests; without the race detector, which `make test` has for the same in small
test-slow: redis-server
	$(GOTEST) -race=false -run '^TestSlow' $$(grep -rl --include='*_test.go' '^func TestSlow' . | xargs dirname | sort -u)

## test-browser: the console in a real browser, every page and every action; chromium is installed, and axe-core fetched, when missing
test-browser: redis-server chromium axe
	go test -count=1 -timeout 10m -run '^TestBrowser' ./internal/console

## test-busy: the tests on a machine made slow, three times; BUSY takes the terms (BUSY='-stops', BUSY='-loops 0 -times 2')
test-busy: redis-server python3
	go run ./test/busy $(BUSY) -- -p 4 -parallel 8 -timeout 60m -skip '^TestSlow|^TestBrowser' ./test/e2e ./...

## test-sdk: Baidu's own SDK against the simulator; a module of its own, so that the SDK is no dependency of ours
test-sdk:
	cd bce/bcesim/sdkcompat && go test ./...

## chaos: everything broken at once, at random, then counted; CHAOS takes its flags (CHAOS='-seed 7', CHAOS='-redis sentinel')
chaos: redis-server
	go run ./test/chaos -items 20000 -duration 10m $(CHAOS)

## chaos-short: the form that CI runs, in about five minutes
chaos-short: redis-server
	go run ./test/chaos -items 1500 -duration 100s -patience 6m $(CHAOS)

## chaos-failover: masters of a Sentinel and of a Cluster die under load, alone and then with all else, in about a quarter of an hour
chaos-failover: redis-server
	for redis in sentinel cluster; do \
		go run ./test/chaos -items 1000 -duration 100s -patience 6m -redis $$redis -only-redis $(CHAOS) && \
		go run ./test/chaos -items 1000 -duration 100s -patience 6m -redis $$redis $(CHAOS) || exit 1; \
	done

## chaos-personalities: a short run for each thing that nobody knows about the API; about 50 minutes
chaos-personalities: redis-server
	./scripts/chaos-personalities $(CHAOS)

## kill-apply: apply killed at 20 random moments in 100,000 rows, in about five minutes; KILL takes the test's flags (KILL='-seed 7')
kill-apply: redis-server
	go test ./test/e2e -run '^TestApplyKilledAtRandomMoments$$' -count=1 -v -timeout 30m -kill-rows 100000 $(KILL)

## bench: every measurement, side by side with others' ways, and docs/performance.md from it; PostgreSQL is installed when missing; half an hour, or a few minutes with BENCH=-short
bench: redis-server postgres
	cd bench && go run ./all $(BENCH)

## simulate: stories of the whole system, on every processor; SIMULATE takes the flags (SIMULATE='-stories 1000000', or '-seed 7 -stories 1 -tell')
simulate:
	./scripts/simulate $(SIMULATE)

## mutants: removes each protection in turn, and looks for a story that misses it; MUTANTS chooses by name
mutants:
	go test -count=1 -timeout 0 -v -run '^TestMutants$$' ./test/simulation -mutants '$(or $(MUTANTS),.)'

## lint: vet, tidiness, formatting and golangci-lint
lint: $(GOLANGCI_LINT)
	go vet ./...
	go mod tidy -diff
	cd bench && go vet ./... && go mod tidy -diff
	cd bce/bcesim/sdkcompat && go mod tidy -diff
	$(GOLANGCI_LINT) fmt --diff
	$(GOLANGCI_LINT) run --allow-parallel-runners

fmt: $(GOLANGCI_LINT)
	$(GOLANGCI_LINT) fmt

## rules: the alerts of deploy/prometheus, each of which a test has fire and resolve; in seconds
rules:
	@./scripts/need-promtool $(PROMTOOL)
	cd deploy/prometheus && $(PROMTOOL) check config prometheus.yml && $(PROMTOOL) test rules alerts_test.yml

## fuzz: every fuzz target for FUZZTIME
fuzz:
	./scripts/fuzz $(FUZZTIME)

## verify-compose: docker-compose.yml on a Docker engine: containers are killed and scaled, and every item is counted
verify-compose:
	./scripts/verify-compose

## verify-deploy: the Helm chart and the manifests for Kubernetes, also by a real kube-apiserver; building it takes half an hour, once
verify-deploy:
	./scripts/verify-deploy
	@./scripts/need-etcd
	./scripts/verify-apiserver $(TOOLS)/kubernetes

## manifests: generates deploy/kubernetes from the Helm chart
manifests:
	./scripts/manifests

## vuln: known vulnerabilities that the code can reach; needs vuln.go.dev, or a mirror (VULN='-db https://mirror.example.com')
vuln:
	go run golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION) $(VULN) ./...

## licenses: docs/licenses.md, the licenses of the modules in the programs
licenses:
	scripts/licenses > docs/licenses.md

tidy:
	go mod tidy
	cd bce/bcesim/sdkcompat && go mod tidy
	cd deploy/verify && go mod tidy
	cd deploy/verify/apiserver && go mod tidy

redis-server:
	@./scripts/need-redis-server

postgres:
	@./scripts/need-postgres

python3:
	@./scripts/need-python3

chromium:
	@./scripts/need-chromium

axe:
	@./scripts/need-axe $(TOOLS)/axe-core-4.14.1

$(GOLANGCI_LINT):
	GOBIN=$(dir $@) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)

$(NFPM):
	GOBIN=$(dir $@) go install github.com/goreleaser/nfpm/v2/cmd/nfpm@$(NFPM_VERSION)

$(CYCLONEDX):
	GOBIN=$(dir $@) go install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@$(CYCLONEDX_VERSION)

clean:
	rm -rf bin man dist
