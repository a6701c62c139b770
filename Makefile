# invtrack: an inventory tracker inside PostgreSQL

EXTENSION = invtrack
EXTVERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" invtrack.control)
MODULE_big = invtrack
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c)))

# The install script is these topics in this order: each uses only earlier ones.
TOPICS = prologue schema argument day_series calendar guard catalogue stock movement fold \
	purge tracker verify judgement reading health product_search history alert alert_event \
	check metrics schedule access_grant owner epilogue
FRESH_SQL = sql/invtrack--$(EXTVERSION).sql
UPDATE_SQL = sql/invtrack--0.2.0--$(EXTVERSION).sql
DATA_built = $(FRESH_SQL) $(UPDATE_SQL)

# The scripts of earlier versions, as they were released.
DATA = $(wildcard sql/released/*.sql)

EXTRA_CLEAN = sql/invtrack--*.sql exports.txt test/unit/day_codec_test

# The server loads libraries into one name space, where another's function of the same name would be
# called instead of ours. So the library gives away nothing but what SQL calls, also in earlier versions, and
# calls its own whoever has the name.
SHLIB_EXPORTS = exports.txt
ifeq ($(shell uname -s),Linux)
SHLIB_LINK = -Wl,-Bsymbolic
endif
CALLERS = $(filter-out sql/invtrack--%,$(wildcard sql/*.sql)) $(wildcard sql/*/*.sql)

PG_CPPFLAGS = -Isrc -DINVTRACK_VERSION='"$(EXTVERSION)"'
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare \
	-Wno-missing-field-initializers -Wno-declaration-after-statement \
	$(INVTRACK_CFLAGS)

REGRESS = setup $(filter-out setup,$(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql))))
REGRESS_OPTS = --encoding=UTF8 --inputdir=test --outputdir=tmp_check/regress
ISOLATION = $(patsubst test/specs/%.spec,%,$(sort $(wildcard test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test --outputdir=tmp_check/isolation

# pg_regress of PostgreSQL 15 looks for expected/ in its output directory, that of later versions here.
EXPECTED_LINKS = tmp_check/regress/expected tmp_check/isolation/expected

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

installcheck: | $(EXPECTED_LINKS)

$(EXPECTED_LINKS):
	mkdir -p $(@D)
	ln -s ../../expected $@

$(OBJS): $(wildcard src/*.h) invtrack.control

$(FRESH_SQL): $(TOPICS:%=sql/%.sql) Makefile
	cat $(TOPICS:%=sql/%.sql) > $@

# The update is the changes by hand, then all functions and views as they are now, then the epilogue. A
# function or view is a paragraph, with its comments.
$(UPDATE_SQL): sql/update/0.2.0--0.3.0.sql $(TOPICS:%=sql/%.sql) Makefile
	sed '1s/"CREATE EXTENSION .*"/"ALTER EXTENSION invtrack UPDATE"/' sql/prologue.sql > $@
	cat sql/update/0.2.0--0.3.0.sql >> $@
	awk -v RS= '/(^|\n)CREATE (FUNCTION|PROCEDURE|VIEW) / { gsub(/(^|\n)CREATE /, "&OR REPLACE "); print "\n" $$0 }' \
		$(TOPICS:%=sql/%.sql) >> $@
	cat sql/epilogue.sql >> $@

exports.txt: $(CALLERS) Makefile
	( echo Pg_magic_func; echo _PG_init; echo schedule_worker_main; \
	  sed -n "s/^.*'MODULE_PATHNAME', *'\([^']*\)'.*/\1 pg_finfo_\1/p" $(CALLERS) | tr ' ' '\n' ) | \
	  LC_ALL=C sort -u >$@
