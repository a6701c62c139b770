# What 011_interrupted.pl and 012_exhausted.pl share: the operations of invtrack that write or read much, and
# what must hold after each of them, whether it came to its end or not. Movements are written a second time
# into test.ledger (FoldLoad.pm), in the same transaction.
#
# A round is: prepare, set something up that stops the operation, run it, take that away, and look: from the
# same session, which has to be as good as new. What was seen is a row of test.round.

package Interrupted;

use strict;
use warnings;
use Exporter 'import';
use FoldLoad;

our @EXPORT = qw(operations round_set_up round_script);

# An arithmetic series of movements of a merchant, with days and quantities that vary by the round.
sub backlog
{
	my ($merchant, $rows, $ref) = @_;
	return qq{
WITH r AS (
    SELECT '$merchant' AS merchant, 'p' || 1 + n % 40 AS sku, (ARRAY['good', 'defective'])[1 + n / 40 % 2] AS inventory_type,
           (ARRAY['sale', 'shipment'])[1 + n / 80 % 2] AS flow, date '2025-01-01' + (n * 7 + nextval('test.salt')::integer) % 400 AS occurred_on,
           (n % 1000 - 300) * 0.01 AS quantity, $ref AS ref
      FROM generate_series(1, $rows) n),
w AS (INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, ref)
    SELECT * FROM r ON CONFLICT DO NOTHING RETURNING merchant, sku, inventory_type, flow, occurred_on, quantity)
INSERT INTO test.ledger SELECT 'backlog', w.* FROM w;
};
}

my $all_trackers = q{FROM invtrack.product p, invtrack.inventory_type i WHERE (p.merchant, i.merchant) = ('m1', 'm1')};
my $of_m9 = join ', ', map { "(SELECT count(*) FROM $_ WHERE merchant = 'm9')" }
  qw(invtrack.product invtrack.inventory_type invtrack.stock_lot invtrack.tracker invtrack.flow_series invtrack.fold_state test.ledger);

# All gone, reversals after what they reverse; so that each time there is as much to do.
my $purge = 'SELECT invtrack.fold(); SELECT invtrack.purge_movements(NULL, 0); SELECT invtrack.purge_movements(NULL, 0);';

# Nobody was ever checked, and all trackers of m1 are ill. What checks find then, by merchant: all of it, or nothing.
my $unchecked = join '', map { "DELETE FROM invtrack.$_;" } qw(alert alert_event alert_consumer check_state tracker_history stock_history);
$unchecked .= qq{SELECT count(invtrack.save_tracker(p.merchant, p.sku, i.inventory_type, 'stock_quantity', 1000000)) $all_trackers;};
my $half_checked = q{SELECT format('%s: number %s, %s events, %s alerts, %s to be told', m.merchant, s.n, e.n, a.n, r.n)
  FROM invtrack.merchant m,
       LATERAL (SELECT coalesce(max(c.events), 0) AS n FROM invtrack.check_state c WHERE c.merchant = m.merchant) s,
       LATERAL (SELECT count(*) AS n FROM invtrack.alert_event c WHERE c.merchant = m.merchant) e,
       LATERAL (SELECT count(*) AS n FROM invtrack.alert c WHERE c.merchant = m.merchant) a,
       LATERAL (SELECT count(*) AS n FROM invtrack_internal.check_reading c WHERE c.merchant = m.merchant AND c.transition IS NOT NULL) r
 WHERE s.n <> e.n OR e.n <> a.n OR e.n > 0 AND r.n > 0};

# name => before (uninterrupted), sql (one message, so one transaction: \; between statements), wrong (a
# query for what is wrong after it, besides what is looked at after each), after (uninterrupted).
# alone: it can't be a part of something larger. shrinks: a second one of the same day takes a few steps less. goes_on: it tells an error of a merchant and goes on with the next. A line here is all that a new operation needs. One that takes no
# steps (see test.step()) only reads.
my @operations = (
	{ name => 'insert', sql => backlog('m1', 400, 'NULL') },
	{ name => 'insert again', sql => backlog('m1', 400, q{'r' || n}) },
	{ name => 'copy', alone => 1, sql => q{COPY invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity) FROM :'copy'\;
COPY test.ledger FROM :'copy_ledger';} },
	{ name => 'reverse', before => backlog('m2', 100, 'NULL'), sql => q{
SELECT count(invtrack.reverse_movement(merchant, movement_id)) FROM (
    SELECT merchant, movement_id FROM invtrack.movement WHERE merchant = 'm2' ORDER BY movement_id DESC LIMIT 100) m\;
INSERT INTO test.ledger SELECT 'reversal', merchant, sku, inventory_type, flow, occurred_on, quantity
  FROM invtrack.movement WHERE reverses IS NOT NULL AND recorded_at = now();} },
	{ name => 'fold', before => 'SELECT invtrack.fold();' . backlog('m1', 800, 'NULL'), sql => q{SELECT invtrack.fold('m1');} },
	{ name => 'fold of all', before => 'SELECT invtrack.fold();' . backlog('m1', 200, 'NULL') . backlog('m2', 200, 'NULL') . backlog('m3', 200, 'NULL'),
		sql => 'SELECT invtrack.fold();' },
	{ name => 'fold_all', alone => 1, before => 'SELECT invtrack.fold();' . backlog('m1', 200, 'NULL') . backlog('m2', 200, 'NULL') . backlog('m3', 200, 'NULL'),
		sql => 'CALL invtrack.fold_all();' },
	{ name => 'purge', before => $purge . backlog('m1', 600, 'NULL') . 'SELECT invtrack.fold();',
		sql => q{SELECT invtrack.purge_movements('m1', 0);} },
	{ name => 'purge of all', goes_on => 1, before => $purge . backlog('m1', 200, q{'s' || n}) . backlog('m2', 200, 'NULL') . 'SELECT invtrack.fold();',
		sql => 'SELECT invtrack.purge_movements(NULL, 0);' },
	{ name => 'repair', before => backlog('m1', 200, 'NULL') . q{SELECT invtrack.fold();
UPDATE invtrack.flow_series SET movements = movements + 1, days = days OPERATOR(invtrack.+) '{2026-01-01:1}' WHERE merchant = 'm1';},
		sql => q{SELECT count(*) FROM invtrack.verify('m1', repair => true);},
		wrong => q{SELECT format('%s of %s repaired', count(*), (SELECT count(*) FROM invtrack.flow_series WHERE merchant = 'm1'))
  FROM invtrack.verify() HAVING count(*) NOT IN (0, (SELECT count(*) FROM invtrack.flow_series WHERE merchant = 'm1'))},
		after => 'SELECT count(*) FROM invtrack.verify(repair => true);' },
	{ name => 'save', sql => qq{WITH s AS MATERIALIZED (SELECT nextval('test.salt') AS n)
SELECT count(invtrack.save_tracker(p.merchant, p.sku, i.inventory_type, 'stock_quantity', (SELECT n FROM s))) $all_trackers;},
		wrong => q{SELECT format('%s trackers, %s quantities', count(*), count(DISTINCT quantity)) FROM invtrack.tracker
 WHERE merchant = 'm1' AND mechanism = 'stock_quantity' HAVING count(*) NOT IN (0, 80) OR count(DISTINCT quantity) > 1} },
	{ name => 'delete trackers',
		# with a history, which goes with them
		before => qq{SELECT count(invtrack.save_tracker(p.merchant, p.sku, i.inventory_type, 'stock_quantity', 7)) $all_trackers;
SELECT count(*) FROM invtrack.check_trackers('m1');},
		sql => qq{SELECT count(invtrack.delete_tracker(p.merchant, p.sku, i.inventory_type, 'stock_quantity')) $all_trackers;},
		wrong => q{SELECT format('%s trackers and %s histories left', count(t), count(h)) FROM invtrack.tracker t
  FULL JOIN invtrack.tracker_history h USING (merchant, sku, inventory_type, mechanism)
 WHERE merchant = 'm1' AND mechanism = 'stock_quantity' HAVING count(*) NOT IN (0, 80) OR count(t) <> count(h)} },
	{ name => 'delete_merchant', before => q{SELECT test.make_m9();} . backlog('m9', 200, q{'s' || n}) . q{SELECT invtrack.fold('m9');}
		  . backlog('m9', 100, 'NULL'),
		sql => q{SELECT invtrack.delete_merchant('m9')\; DELETE FROM test.ledger WHERE merchant = 'm9';},
		wrong => qq{SELECT 'a part is left: ' || concat_ws(', ', $of_m9) WHERE least($of_m9) = 0 AND greatest($of_m9) > 0} },
	{ name => 'check', shrinks => 1, before => $unchecked, sql => q{SELECT count(*) FROM invtrack.check_trackers('m1');}, wrong => $half_checked },
	{ name => 'check_all', alone => 1, shrinks => 1, before => $unchecked, sql => 'CALL invtrack.check_all();', wrong => $half_checked },
	{ name => 'take and confirm', before => "$unchecked SELECT count(*) FROM invtrack.check_trackers('m1');",
		sql => q{SELECT count(*) FROM invtrack.take_alert_events('mail', 1000)\; SELECT invtrack.confirm_alert_events('mail', 'm1', 5);},
		wrong => q{SELECT format('%s has confirmed %s', consumer, confirmed) FROM invtrack.alert_consumer WHERE confirmed <> 5} },
	{ name => 'acknowledge', before => "$unchecked SELECT count(*) FROM invtrack.check_trackers('m1');",
		sql => q{SELECT count(invtrack.acknowledge_alert(merchant, sku, inventory_type, mechanism, 'seen')) FROM invtrack.alert_open WHERE merchant = 'm1';},
		wrong => q{SELECT format('%s of %s are acknowledged', count(acknowledged_at), count(*)) FROM invtrack.alert_open WHERE merchant = 'm1'
HAVING count(acknowledged_at) NOT IN (0, count(*)) OR count(*) < 80} },
	{ name => 'verify', sql => 'SELECT count(*) FROM invtrack.verify();' },
	{ name => 'health', sql => q{SELECT count(*) FROM invtrack.health;} },
	{ name => 'tracker_health', sql => q{SELECT count(*) FROM invtrack.tracker_health('m1')\; SELECT count(*) FROM invtrack.tracker_health();} },
	{ name => 'find_products', sql => q{SELECT count(*) FROM invtrack.find_products('m1', 'p 1', 100);} },
	{ name => 'long series', sql => q{SELECT count(*), sum(u.quantity) FROM (
    SELECT l.days::text::invtrack.day_series OPERATOR(invtrack.+) l.days AS days FROM test.long l OFFSET 0) l, invtrack.unnest(l.days) u;} });

sub operations { return @operations; }

my $set_up = <<'SQL';
CREATE SEQUENCE test.salt;
CREATE TABLE test.round (
    n integer GENERATED ALWAYS AS IDENTITY, backend integer DEFAULT pg_backend_pid(), operation text, how text, state text, wrong text,
    locks text, plans bigint, doubles text);
CREATE TABLE test.long AS
SELECT invtrack.day_series_agg(date '1900-01-01' + n, n * 0.25) AS days FROM generate_series(1, 40000) n;

-- A merchant to be deleted; what there is of one is brought to the same.
CREATE FUNCTION test.make_m9() RETURNS void LANGUAGE sql AS $$
INSERT INTO invtrack.merchant (merchant, name) VALUES ('m9', 'M9') ON CONFLICT DO NOTHING;
INSERT INTO invtrack.inventory_type (merchant, inventory_type, name)
VALUES ('m9', 'good', 'Good'), ('m9', 'defective', 'Defective') ON CONFLICT DO NOTHING;
INSERT INTO invtrack.product (merchant, sku, name)
SELECT 'm9', 'p' || p, 'P' || p FROM generate_series(1, 40) p ON CONFLICT DO NOTHING;
INSERT INTO invtrack.stock_lot (merchant, sku, inventory_type, quantity)
SELECT 'm9', 'p' || p, 'good', 5 FROM generate_series(1, 40) p ON CONFLICT DO NOTHING;
SELECT count(invtrack.save_tracker('m9', 'p' || p, 'good', 'stock_quantity', 9)) FROM generate_series(1, 40) p;
$$;

-- Steps: each row that is written, and the end of each statement that writes. With test.countdown at n the
-- n-th does what test.stop_by says; below 0 they are counted.
CREATE FUNCTION test.stop() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CASE current_setting('test.stop_by')
        WHEN 'cancel' THEN PERFORM pg_cancel_backend(pg_backend_pid());
        WHEN 'error' THEN RAISE 'stopped' USING ERRCODE = 'UT001';
        WHEN 'waiting' THEN PERFORM pg_sleep(600);
    END CASE;
END
$$;
CREATE FUNCTION test.step() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    left_over integer := set_config('test.countdown', (current_setting('test.countdown')::integer - 1)::text, false)::integer;
    stopped integer := CASE left_over WHEN 0 THEN length(test.stop()::text) END;
BEGIN
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT relname FROM pg_class WHERE relnamespace IN ('invtrack'::regnamespace, 'invtrack_internal'::regnamespace) AND relkind = 'r' LOOP
        EXECUTE format('CREATE TRIGGER a_step BEFORE INSERT OR UPDATE OR DELETE ON invtrack.%I FOR EACH ROW
            WHEN (current_setting(''test.countdown'') <> ''0'') EXECUTE FUNCTION test.step()', name);
        EXECUTE format('CREATE TRIGGER z_step AFTER INSERT OR UPDATE OR DELETE ON invtrack.%I FOR EACH STATEMENT
            WHEN (current_setting(''test.countdown'') <> ''0'') EXECUTE FUNCTION test.step()', name);
    END LOOP;
END
$$;
ALTER DATABASE postgres SET test.countdown = '0';
ALTER DATABASE postgres SET test.stop_by = 'cancel';

-- Is a movement still safe from DELETE?
CREATE FUNCTION test.delete_is_refused() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity)
    VALUES ('m0', 'p1', 'good', 'sale', '2026-01-01', 1);
    DELETE FROM invtrack.movement WHERE merchant = 'm0';
    RAISE 'deleted';
EXCEPTION
    WHEN restrict_violation THEN RETURN true;
    WHEN raise_exception THEN RETURN false;
END
$$;

CREATE VIEW test.wrong_now AS
SELECT format('%s, %s: written %s, found %s', w.what, w.item, w.written, w.found) AS what FROM test.wrong() w
UNION ALL
SELECT format('health of p1: %s %s %s', w.what, w.written, w.found) FROM test.wrong_health('m1', 'p1') w
UNION ALL
SELECT 'verify(): ' || v FROM invtrack.verify() v
UNION ALL
SELECT 'movements can be deleted' WHERE NOT test.delete_is_refused()
UNION ALL
-- (of others: what this session looks with may not fit into work_mem)
SELECT 'temporary files are left: ' || name FROM pg_ls_tmpdir() WHERE name NOT LIKE format('pgsql_tmp%s.%%', pg_backend_pid());

-- What this session holds after a round; locks are looked at by themselves, before.
CREATE FUNCTION test.look(operation text, how text, state text, wrong text, locks text) RETURNS void LANGUAGE sql AS $$
WITH c AS MATERIALIZED (SELECT * FROM pg_backend_memory_contexts)
INSERT INTO test.round (operation, how, state, wrong, locks, plans, doubles)
SELECT look.operation, look.how, look.state,
       concat_ws(E'\n', nullif(look.wrong, ''), (SELECT string_agg(what, E'\n') FROM (SELECT what FROM test.wrong_now LIMIT 5) w)),
       nullif(look.locks, ''),
       (SELECT count(*) FROM c WHERE c.name IN ('SPI Plan', 'CachedPlanSource')),
       (SELECT string_agg(d.ident, E'\n') FROM (
            -- the library's are of one line, and those of foreign keys quote the schema; from PostgreSQL 18 on those of SQL functions are kept, too
            SELECT ident FROM c WHERE name = 'CachedPlanSource' AND ident ~ 'invtrack(_internal)?[.]' AND ident NOT LIKE E'%\n%'
             GROUP BY ident HAVING count(*) > 1) d)
$$;
SQL

# After load_set_up(). Files for COPY are the server's.
sub round_set_up
{
	my ($node) = @_;
	$node->safe_psql('postgres', $set_up);
	my $dir = PostgreSQL::Test::Utils::tempdir();
	chmod 0755, $dir;
	my $rows = q{SELECT 'm2', 'p' || 1 + n % 40, 'good', 'sale', date '2025-06-01' + n % 100, n * 0.5 FROM generate_series(1, 400) n};
	$node->safe_psql('postgres', qq{
	    COPY ($rows) TO '$dir/movements';
	    COPY (SELECT 'copy', r.* FROM ($rows) r) TO '$dir/ledger'});
	return "\\set copy '$dir/movements'\n\\set copy_ledger '$dir/ledger'\n";
}

# The psql script of a round; $stop and $unstop are run before and after the operation itself.
sub round_script
{
	my ($operation, $how, $stop, $unstop) = @_;
	my $wrong = $operation->{wrong} // q{SELECT NULL WHERE false};
	my $before = $operation->{before} // '';
	my $after = $operation->{after} // '';
	return <<SQL;
$before
$stop
$operation->{sql}
\\set state :SQLSTATE
$unstop
SELECT coalesce(string_agg(DISTINCT format('%s %s', locktype, relation::regclass), ', '), '') AS locks FROM pg_locks
 WHERE pid = pg_backend_pid() AND locktype <> 'virtualxid' AND relation IS DISTINCT FROM 'pg_catalog.pg_locks'::regclass
\\gset
SELECT coalesce(string_agg(w, E'\\n'), '') AS wrong FROM ($wrong) w (w)
\\gset
$after
SELECT test.look('$operation->{name}', $how, :'state', :'wrong', :'locks');
SQL
}

1;
