PREFIX ?= /usr/local

.PHONY: help build test check bench coverage install uninstall demo demo-embedded clean
.DEFAULT_GOAL := help

help:             ## this list
	@sed -nE 's/^([a-z-]+): +## (.*)/  make \1\t\2/p' Makefile | expand -t 24

build:            ## release build; the binaries are in .build/release
	@Scripts/packages build
	swift build -c release --static-swift-stdlib --product kvm-clone-agent
	swift build -c release --static-swift-stdlib --product kvm-clone

test:             ## all unit and integration tests; installs what they lack
	@Scripts/test

check:            ## formatting, warnings as errors, layers, commit hooks
	@Scripts/check

bench:            ## the benchmarks of docs/benchmarks.md
	@Scripts/packages build bench
	@$(MAKE) --no-print-directory build
	@$(if $(filter 0,$(shell id -u)),,sudo env "PATH=$$PATH") Benchmarks/run

coverage:         ## line coverage of the unit tests; fails below 90 %
	@Scripts/coverage

install:          ## to PREFIX, /usr/local unless given (and below DESTDIR)
	install -D -m 0755 .build/release/kvm-clone $(DESTDIR)$(PREFIX)/bin/kvm-clone
	install -D -m 0755 .build/release/kvm-clone-agent $(DESTDIR)$(PREFIX)/libexec/kvm-clone/kvm-clone-agent
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions \
	    $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	.build/release/kvm-clone completion bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/kvm-clone
	.build/release/kvm-clone completion zsh >$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_kvm-clone
	.build/release/kvm-clone completion fish >$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/kvm-clone.fish

uninstall:        ## removes what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/kvm-clone $(DESTDIR)$(PREFIX)/libexec/kvm-clone/kvm-clone-agent \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions/kvm-clone \
	    $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_kvm-clone \
	    $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/kvm-clone.fish

demo:             ## four real hosts on this machine, one VM replicated to three; KEEP=1 leaves them up
	@KEEP=$(KEEP) Scripts/demo

demo-embedded:    ## the same without root: local connections and libvirt's test driver
	@KEEP=$(KEEP) Scripts/demo-embedded

clean:            ## removes what was built
	rm -rf .build .build-coverage IntegrationTests/.build Benchmarks/.build
