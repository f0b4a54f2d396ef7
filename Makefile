# yett - one readable Makefile.
#
#   make               release build: build/bin/yett and its siblings in build/libexec/yett
#   make MODE=debug    -O0 -g              into build/debug
#   make MODE=asan     ASan + UBSan        into build/asan
#   make MODE=fuzz     libFuzzer targets   into build/fuzz (clang)
#   make fuzz SECONDS=60 TARGETS="json sse"   runs them, so long each
#   make torture       fails each call of each process once and looks what becomes of it
#   make mutation FILES=src/verify/sct.c      can each refusal of these fail? without FILES: of all
#   make run | test | check | fuzz | bench | tidy | install | dist | clean
#
# Nothing is listed by hand: a directory of src/ becomes a library, a main.c in it an executable,
# tests/unit/*/*_test.c a test, fuzz/*_fuzz.c a fuzz target.

MODE ?= release
ifeq ($(origin CC),default)
CC := $(if $(filter fuzz,$(MODE)),clang,gcc)
endif

O := build$(if $(and $(filter clang%,$(CC)),$(filter-out fuzz,$(MODE))),/clang)$(if $(filter-out release,$(MODE)),/$(MODE))
VERSION := $(shell cat VERSION)
PREFIX ?= /usr/local
DESTDIR ?=

# ---- flags ------------------------------------------------------------------------------------
WARN := -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wwrite-strings -Wcast-qual -Wundef -Wvla -Wformat=2 \
	-Wnull-dereference -Wswitch-enum -Werror
probe = $(shell $(CC) $(1) -Werror -c -x c /dev/null -o /dev/null 2>/dev/null && echo $(1))
HARDEN := -fstack-protector-strong -fPIE
# clang 14 at -O2 with this flag puts the stack probe between a cmp and its cmov: wrong code.
HARDEN += $(if $(filter clang%,$(CC)),,-fstack-clash-protection)
HARDEN += $(call probe,-fcf-protection)
# What a function forgets to set is zero for users, and something else under test.
HARDEN += $(call probe,-ftrivial-auto-var-init=$(if $(filter release,$(MODE)),zero,pattern))

CPPFLAGS := -std=c17 -D_GNU_SOURCE -Isrc -I. -DYETT_VERSION='"$(VERSION)"'
BANNED := -include src/base/banned.h
CFLAGS.release := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
CFLAGS.debug := -O0 -g -DYETT_DEBUG
CFLAGS.asan := -O1 -g -DYETT_DEBUG -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all
CFLAGS.fuzz := -O1 -g -DYETT_DEBUG -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all
CFLAGS := $(WARN) $(HARDEN) $(CFLAGS.$(MODE)) -fno-strict-aliasing -ffunction-sections -fdata-sections \
	-ffile-prefix-map="$(CURDIR)"=.
LDFLAGS := -pie -Wl,-z,relro,-z,now -Wl,--gc-sections -Wl,--as-needed $(filter -fsanitize%,$(CFLAGS.$(MODE)))

PKG := pkg-config
PKGS := openssl libnghttp2 libcares sqlite3 libsodium yaml-0.1 zlib
PKG_CFLAGS := $(shell $(PKG) --cflags $(PKGS) 2>/dev/null)

# ---- what each executable may hold: its own library, inner rings, and packages -----------------
RING01 := base codec config crypto proto llm tlog verify sys store tls
LINK.keeper  := store config tlog crypto proto codec sys base
PKGS.keeper  := sqlite3 libsodium yaml-0.1 libcrypto
LINK.ingress := tls llm crypto proto codec sys base
PKGS.ingress := openssl zlib
LINK.egress  := tls crypto proto codec sys base
PKGS.egress  := openssl libnghttp2 libcares
LINK.admin   := crypto proto codec sys base
PKGS.admin   := libcrypto
LINK.checker := inspect advisory package config crypto proto codec sys base
PKGS.checker := libcrypto yaml-0.1 zlib
LINK.indexer := advisory package crypto proto codec sys base
PKGS.indexer := libcrypto zlib
LINK.fetcher := package tls crypto proto codec sys base
PKGS.fetcher := openssl
LINK.verifier := verify package tlog crypto proto codec sys base
PKGS.verifier := libcrypto
LINK.cli     := inspect config advisory package tlog crypto proto codec sys base
PKGS.cli     := libsodium yaml-0.1 libcrypto zlib

LINK.detonator := inspect proto codec sys base
PKGS.detonator := zlib
LINK.sink    := inspect proto codec sys base
PKGS.sink    := openssl zlib

MAINS := $(patsubst src/%/main.c,%,$(wildcard src/*/main.c))
DIRS := $(patsubst src/%/,%,$(wildcard src/*/))
BINS := $(patsubst %,$(O)/libexec/yett/%,$(filter-out cli,$(MAINS))) $(if $(filter cli,$(MAINS)),$(O)/bin/yett)
TESTS := $(patsubst tests/unit/%.c,$(O)/unit/%,$(wildcard tests/unit/*/*_test.c))
FUZZERS := $(patsubst fuzz/%_fuzz.c,%,$(wildcard fuzz/*_fuzz.c))
REPLAYS := $(patsubst %,$(O)/replay/%,$(FUZZERS))

.PHONY: all run test check unit differential failing torture fuzz fuzz-build replay bench mutation tidy install \
	dist clean
.SECONDARY:
.DELETE_ON_ERROR:
all: $(BINS)
	@:

# ---- objects and libraries ---------------------------------------------------------------------
$(O)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "  CC   $*.c"
	@$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS) $(BANNED) -MMD -MP -c $< -o $@

define library
$(O)/lib/$(1).a: $(patsubst %.c,$(O)/obj/%.o,$(filter-out %/main.c,$(wildcard src/$(1)/*.c)))
	@mkdir -p $$(@D)
	@rm -f $$@ && ar rcsD $$@ $$^
endef
$(foreach d,$(DIRS),$(eval $(call library,$(d))))

define program
$(2): $(O)/obj/src/$(1)/main.o $(O)/lib/$(1).a $(patsubst %,$(O)/lib/%.a,$(LINK.$(1)))
	@mkdir -p $$(@D)
	@echo "  LINK $(2)"
	@$(CC) -o $$@ $(O)/obj/src/$(1)/main.o -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group \
		$(LDFLAGS) $$$$($(PKG) --libs $(PKGS.$(1)))
endef
$(foreach m,$(filter-out cli,$(MAINS)),$(eval $(call program,$(m),$(O)/libexec/yett/$(m))))
$(eval $(call program,cli,$(O)/bin/yett))

# The clock of the detonator's boxes, which is loaded into every process there: no ring, no library.
PRELOAD := $(O)/libexec/yett/preload.so
$(PRELOAD): src/detonator/preload/preload.c Makefile
	@mkdir -p $(@D)
	@echo "  LINK $@"
	@$(CC) $(CPPFLAGS) $(WARN) -O2 -fPIC -shared $(BANNED) -o $@ $< -ldl
all: $(PRELOAD)
$(O)/obj/src/detonator/root.o: $(wildcard src/detonator/probe/*)

# ---- unit tests, fuzz targets and the replay of their corpora ----------------------------------
ALL_LIBS := $(patsubst %,$(O)/lib/%.a,$(foreach d,$(DIRS),$(if $(filter-out src/$(d)/main.c,$(wildcard src/$(d)/*.c)),$(d))))
ALL_PKGS = $$($(PKG) --libs $(PKGS)) -lm

$(O)/unit/%: $(O)/obj/tests/unit/%.o $(ALL_LIBS)
	@mkdir -p $(@D)
	@$(CC) -o $@ $< -Wl,--start-group $(ALL_LIBS) -Wl,--end-group $(LDFLAGS) $(ALL_PKGS)

$(O)/replay/%: $(O)/obj/fuzz/%_fuzz.o $(O)/obj/fuzz/replay_main.o $(ALL_LIBS)
	@mkdir -p $(@D)
	@$(CC) -o $@ $(filter %.o,$^) -Wl,--start-group $(ALL_LIBS) -Wl,--end-group $(LDFLAGS) $(ALL_PKGS)

$(O)/fuzzer/%: $(O)/obj/fuzz/%_fuzz.o $(ALL_LIBS)
	@mkdir -p $(@D)
	@$(CC) -o $@ $< -Wl,--start-group $(ALL_LIBS) -Wl,--end-group $(LDFLAGS) -fsanitize=fuzzer $(ALL_PKGS)

# What source_inspect finds in files, for tests/inspect.
$(O)/inspect/%: $(O)/obj/tests/inspect/%.o $(patsubst %,$(O)/lib/%.a,inspect codec base)
	@mkdir -p $(@D)
	@$(CC) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LDFLAGS) $(ALL_PKGS)

# An ingress or egress that was taken over, for tests/system/test_subverted.py.
SUBVERTED := $(patsubst %.c,$(O)/obj/%.o,$(wildcard tests/system/subverted/*.c))
$(O)/system/subverted: $(SUBVERTED) $(patsubst %,$(O)/lib/%.a,ingress egress proto codec sys base)
	@mkdir -p $(@D)
	@$(CC) -o $@ -Wl,--start-group $^ -Wl,--end-group $(LDFLAGS)

# What tests/system/test_fetch.py asks cli/fetch.h with.
$(O)/system/fetching: $(O)/obj/tests/system/fetching/main.o $(patsubst %,$(O)/lib/%.a,cli $(LINK.cli))
	@mkdir -p $(@D)
	@$(CC) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LDFLAGS) $$($(PKG) --libs $(PKGS.cli))

# A Sigstore of our own, for tests/system/test_provenance.py.
$(O)/system/forging: $(O)/obj/tests/system/forging/main.o $(ALL_LIBS)
	@mkdir -p $(@D)
	@$(CC) -o $@ $< -Wl,--start-group $(ALL_LIBS) -Wl,--end-group $(LDFLAGS) $(ALL_PKGS)

# The processes with a clock that tests/system/test_clock.py can set.
define shifted
$(O)/system/shifted/$(1): $(O)/libexec/yett/$(1) $(O)/obj/tests/system/shifted/clock.o
	@mkdir -p $$(@D)
	@$(CC) -o $$@ $(O)/obj/src/$(1)/main.o $(O)/obj/tests/system/shifted/clock.o -Wl,--start-group \
		$(patsubst %,$(O)/lib/%.a,$(1) $(LINK.$(1))) -Wl,--end-group $(LDFLAGS) $$$$($(PKG) --libs $(PKGS.$(1)))
endef
$(foreach m,$(filter-out cli,$(MAINS)),$(eval $(call shifted,$(m))))

# The whole program with a switch that makes the Nth call of a kind fail, for tests/torture/run.
WRAPPED := $(shell sed -n 's/^\tX(\([a-z0-9_]*\)[,)].*/-Wl,--wrap=\1/p' tests/torture/fail.c)
define failing
$(2): $(3) $(O)/obj/tests/torture/fail.o
	@mkdir -p $$(@D)
	@$(CC) -o $$@ $(O)/obj/src/$(1)/main.o $(O)/obj/tests/torture/fail.o $(WRAPPED) -Wl,--start-group \
		$(patsubst %,$(O)/lib/%.a,$(1) $(LINK.$(1))) -Wl,--end-group $(LDFLAGS) $$$$($(PKG) --libs $(PKGS.$(1)))
FAILING += $(2)
endef
$(foreach m,$(filter-out cli,$(MAINS)),$(eval $(call failing,$(m),$(O)/torture/libexec/yett/$(m),$(O)/libexec/yett/$(m))))
$(eval $(call failing,cli,$(O)/torture/bin/yett,$(O)/bin/yett))
failing: $(FAILING)
	@:

# What tests/differential asks; each is one C file beside its Python half.
DIFFERENTIALS := $(patsubst tests/differential/%.c,$(O)/differential/%,$(wildcard tests/differential/*.c))
$(O)/differential/%: $(O)/obj/tests/differential/%.o $(ALL_LIBS)
	@mkdir -p $(@D)
	@$(CC) -o $@ $< -Wl,--start-group $(ALL_LIBS) -Wl,--end-group $(LDFLAGS) $(ALL_PKGS)
differential: $(DIFFERENTIALS)
	@:

# What tests/conformance asks of the path of a certificate.
$(O)/conformance/%: $(O)/obj/tests/conformance/%.o $(patsubst %,$(O)/lib/%.a,verify tlog crypto codec base)
	@mkdir -p $(@D)
	@$(CC) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LDFLAGS) $$($(PKG) --libs libcrypto)

unit: $(TESTS)
	@tools/run-tests $(TESTS)
replay: $(REPLAYS)
	@tools/run-replay $(O)/replay $(FUZZERS)
fuzz-build: $(patsubst %,$(O)/fuzzer/%,$(FUZZERS))

# Tables that are taken into an object by the assembler, which tells no dependency.
$(O)/obj/src/config/prices.o: data/prices.tsv
$(O)/obj/src/inspect/typosquat.o: data/popular-names.tsv
$(O)/obj/src/verify/shipped.o: data/trusted_root.json
$(O)/obj/src/verify/npm_keys.o: data/npm-keys.json

-include $(shell find $(O)/obj -name '*.d' 2>/dev/null)

# ---- the commands of the README ----------------------------------------------------------------
run:
	@tools/deps run
	@$(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$$(nproc)) all
	@tools/run

test:
	@tools/deps test
	@tools/test

check: test

tidy: $(O)/bin/tidy
	@$(O)/bin/tidy .
$(O)/bin/tidy: tools/tidy.c $(O)/lib/base.a
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) $(CFLAGS) $(BANNED) -o $@ $^ $(LDFLAGS)

# Fails each call of each process once; takes many minutes.
torture:
	@tests/torture/run $(ROLES)
	@$(if $(ROLES),,tests/torture/run --check)
	@$(if $(ROLES),,tests/torture/run --helpers)
	@$(if $(ROLES),,tests/torture/run --detonator)

fuzz:
	@tools/fuzz $(or $(SECONDS),60) $(TARGETS)

mutation:
	@tests/mutation/run $(FILES)

bench: all
	@bench/run

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/yett
	install -m 755 $(O)/bin/yett $(DESTDIR)$(PREFIX)/bin/
	install -m 755 $(filter $(O)/libexec/%,$(BINS)) $(PRELOAD) $(DESTDIR)$(PREFIX)/libexec/yett/
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 644 docs/yett.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 docs/yett.yaml.5 $(DESTDIR)$(PREFIX)/share/man/man5/

# KEY=FILE signs with a private key; see docs/VERIFY.md.
dist: $(O)/bin/yett $(O)/libexec/yett/verifier
	@tools/dist $(if $(KEY),-k $(KEY))

clean:
	rm -rf build
