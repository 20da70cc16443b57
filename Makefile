# `make` prints what there is.

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
FUZZTIME ?= 30s
GO       ?= go

STATICCHECK = $(GO) tool -modfile=tools/lint/go.mod staticcheck
GOLANGCI    = $(GO) tool -modfile=tools/golangci/go.mod golangci-lint

export CGO_ENABLED = 0

.DEFAULT_GOAL := help
.PHONY: run build test race lint fuzz e2e bench cover docs clean help

run: build ## build, then start a whole system to try: mail in, web pages, a phone
	./bin/sigill demo

build: ## build bin/sigill, one static binary
	$(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/sigill ./cmd/sigill

test: race ## run every test, on SQLite and a private PostgreSQL, under the race detector

race: export CGO_ENABLED = 1
race: need ## the same as test
	CGO_ENABLED=0 $(GO) test -count=1 -run '^TestFill$$' ./internal/extract/pdf # under the race detector it takes ten times as long
	$(GO) test -race -parallel 4 -timeout 30m ./... # more at once than processors: many wait
	$(GO) test -run AllocatesNothing ./internal/classify/match # not true under the race detector

lint: ## gofmt, go vet, staticcheck and the linters that .golangci.yml names
	@files=$$(gofmt -l .); if [ -n "$$files" ]; then echo "gofmt -w these:"; echo "$$files"; exit 1; fi
	$(GO) vet ./...
	cd tools/classbench && $(GO) vet ./...
	$(STATICCHECK) ./...
	$(GOLANGCI) run ./...

fuzz: ## run every fuzz target for FUZZTIME (30s)
	@GO='$(GO)' FUZZTIME='$(FUZZTIME)' tools/fuzz.sh

e2e: export CGO_ENABLED = 1
e2e: export SIGILL_KILLS ?= 200
e2e: need ## run the tests that drive the whole program, a real browser and a real Postfix
	$(GO) test -race -count=1 -timeout 20m -run E2E ./internal/app/... ./internal/demo/... ./cmd/...

bench: ## run every benchmark, and the classifier beside its peers
	$(GO) test -run '^$$' -bench . -benchmem ./...
	tools/classbench/run.sh

cover: need ## run every test and print the share of statements that they reach
	$(GO) test -timeout 20m -coverpkg=./cmd/...,./internal/... -coverprofile=coverage.out ./...
	@$(GO) tool cover -func=coverage.out | tail -n 1

docs: build ## write the pages that are made of the program: the policy reference, and the policy of all packs
	./bin/sigill policy docs > docs/policy-reference.md.new && mv docs/policy-reference.md.new docs/policy-reference.md
	./bin/sigill policy init --all-packs > policies/all-packs.yaml.new && mv policies/all-packs.yaml.new policies/all-packs.yaml

clean: ## remove what was built
	rm -rf bin coverage.out

.PHONY: need
need:
	@tools/need.sh

help: ## print this
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
