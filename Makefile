# invtrack: an inventory tracker inside PostgreSQL

# Where the sources are: here (empty), or, in a VPATH build (make -f DIR/Makefile), DIR/.
SRC := $(filter-out ./,$(dir $(firstword $(MAKEFILE_LIST))))

EXTENSION = invtrack
EXTVERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" $(SRC)invtrack.control)
MODULE_big = invtrack
OBJS = $(patsubst $(SRC)%.c,%.o,$(sort $(wildcard $(SRC)src/*.c)))

# The install script is these topics in this order: each uses only earlier ones.
TOPICS = prologue schema argument day_series daily calendar trigger catalogue incoming stock movement fold \
	purge correction tracker tracker_change judgement reading health explain product_search history status_daily verify alert \
	alert_event check backtest product_change \
	connection connection_note connection_row connection_target connection_sync connection_source connection_manage \
	connection_status metrics schedule value_list choice review forecast report batch \
	access_grant owner distribute epilogue
TOPIC_FILES = $(TOPICS:%=$(SRC)sql/%.sql)
FRESH_SQL = sql/invtrack--$(EXTVERSION).sql
UPDATE_SQL = sql/invtrack--0.2.0--$(EXTVERSION).sql
EARLIER_SQL = sql/invtrack--0.1.0--$(EXTVERSION).sql
DATA_built = $(FRESH_SQL) $(UPDATE_SQL) $(EARLIER_SQL)

# What came with this version as a whole.
NEW_TOPICS = incoming correction tracker_change status_daily product_change connection connection_note \
	connection_row connection_target connection_sync connection_source connection_manage connection_status batch distribute

# The scripts of earlier versions, as they were released.
DATA = $(patsubst $(SRC)%,%,$(wildcard $(SRC)sql/released/*.sql))

EXTRA_CLEAN = sql/invtrack--*.sql exports.txt test/unit/day_codec_test

# The server loads libraries into one name space, where another's function of the same name would be
# called instead of ours. So the library gives away nothing but what SQL calls, also in earlier versions, and
# calls its own whoever has the name.
SHLIB_EXPORTS = exports.txt
ifeq ($(shell uname -s),Linux)
SHLIB_LINK = -Wl,-Bsymbolic
endif
CALLERS = $(filter-out $(SRC)sql/invtrack--%,$(wildcard $(SRC)sql/*.sql)) $(wildcard $(SRC)sql/*/*.sql)

PG_CPPFLAGS = -I$(SRC)src -DINVTRACK_VERSION='"$(EXTVERSION)"'
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare \
	-Wno-missing-field-initializers -Wno-declaration-after-statement \
	$(INVTRACK_CFLAGS)

TESTS = $(patsubst $(SRC)test/sql/%.sql,%,$(sort $(wildcard $(SRC)test/sql/*.sql)))
REGRESS = setup $(filter-out setup,$(TESTS))
REGRESS_OPTS = --encoding=UTF8 --inputdir=$(SRC)test --outputdir=tmp_check/regress $(EXPECTED)
REGRESS_PREP = link_expected
ISOLATION = $(patsubst $(SRC)test/specs/%.spec,%,$(sort $(wildcard $(SRC)test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=$(SRC)test --outputdir=tmp_check/isolation $(EXPECTED)

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq ($(wildcard $(PGXS)),)
$(error $(PG_CONFIG) tells of no PostgreSQL to build for: install one with its development files (Debian: \
	postgresql-server-dev-N), or name one with PG_CONFIG=.../bin/pg_config)
endif

# The files of a build in the source directory would be taken for those of this one.
ifneq ($(SRC),)
ifneq ($(wildcard $(SRC)exports.txt $(SRC)src/*.o),)
$(error $(SRC) has been built in: run "make clean" there first)
endif
$(shell mkdir -p sql src)
endif

# The bitcode, from which JIT compilation inlines functions, takes the clang that the server was built with.
# The library does the same without.
ifeq ($(filter command,$(origin with_llvm) $(origin CLANG)),)
NO_TOOL := $(shell awk '/^with_llvm[ \t]*=[ \t]*yes/ { on = 1 } on && /^CLANG[ \t]*=/ { print $$NF } \
	on && /^LLVM_BINPATH[ \t]*=/ { print $$NF "/llvm-lto" }' $(dir $(PGXS))../Makefile.global | \
	while read -r tool; do command -v "$$tool" >/dev/null || echo "$$tool"; done)
ifneq ($(NO_TOOL),)
$(info There is no $(NO_TOOL): bitcode for JIT compilation is left out.)
override with_llvm = no
endif
endif

include $(PGXS)

ifneq ($(filter 9.% 10 11 12 13 14,$(MAJORVERSION)),)
$(error PostgreSQL $(VERSION) is too old: invtrack needs 15 or later)
endif

# pg_regress looks for expected/ in its output directory; that of later minor versions of 16 where it is told.
EXPECTED = $(if $(filter-out 15,$(MAJORVERSION)),--expecteddir=$(or $(SRC),.))

.PHONY: link_expected
link_expected:
	mkdir -p tmp_check/regress tmp_check/isolation
	ln -sfn '$(abspath $(SRC)expected)' tmp_check/regress/expected
	ln -sfn '$(abspath $(SRC)expected)' tmp_check/isolation/expected

$(OBJS): $(wildcard $(SRC)src/*.h) $(SRC)invtrack.control | headers

.PHONY: headers
headers:
	@test -e '$(includedir_server)/postgres.h' || { \
		echo 'There is no $(includedir_server)/postgres.h: install the development files' >&2; \
		echo 'of PostgreSQL $(MAJORVERSION) (Debian: postgresql-server-dev-$(MAJORVERSION)).' >&2; exit 1; }

# Topics name the lists that occur many times; sed writes them out.
EXPAND = sed -f $(SRC)sql/expand.sed

$(FRESH_SQL): $(TOPIC_FILES) $(SRC)sql/expand.sed $(SRC)Makefile
	$(EXPAND) $(TOPIC_FILES) > $@

# The update is locks, the changes by hand, the new topics, all functions and views of the others as they are now,
# what goes then, and the epilogue. A function or view is a paragraph, with its comments.
LOCK_SQL = $(SRC)sql/update/lock.sql
UPDATE_PROLOGUE = sed '1s/"CREATE EXTENSION .*"/"ALTER EXTENSION invtrack UPDATE"/' $(SRC)sql/prologue.sql

$(UPDATE_SQL): $(wildcard $(SRC)sql/update/*.sql) $(TOPIC_FILES) $(SRC)sql/expand.sed $(SRC)Makefile
	$(UPDATE_PROLOGUE) > $@
	$(EXPAND) $(LOCK_SQL) $(SRC)sql/update/0.2.0--0.3.0.sql $(NEW_TOPICS:%=$(SRC)sql/%.sql) >> $@
	awk -v RS= '/(^|\n)CREATE (FUNCTION|PROCEDURE|VIEW) / { gsub(/(^|\n)CREATE /, "&OR REPLACE "); print "\n" $$0 }' \
		$(filter-out $(NEW_TOPICS:%=$(SRC)sql/%.sql),$(TOPIC_FILES)) | $(EXPAND) >> $@
	cat $(SRC)sql/update/0.2.0--0.3.0-after.sql $(SRC)sql/epilogue.sql >> $@

# From the version before, in one step: the released script takes no locks first.
EARLIER_STEP = $(SRC)sql/released/invtrack--0.1.0--0.2.0.sql

$(EARLIER_SQL): $(UPDATE_SQL) $(EARLIER_STEP)
	$(UPDATE_PROLOGUE) > $@
	cat $(LOCK_SQL) >> $@
	sed 1d $(EARLIER_STEP) >> $@
	sed -n '/^-- From 0.2.0: /,$$p' $(UPDATE_SQL) >> $@

exports.txt: $(CALLERS) $(SRC)Makefile
	( echo Pg_magic_func; echo _PG_init; echo schedule_worker_main; \
	  sed -n "s/^.*'MODULE_PATHNAME', *'\([^']*\)'.*/\1 pg_finfo_\1/p" $(CALLERS) | tr ' ' '\n' ) | \
	  LC_ALL=C sort -u >$@
