# The versions that were released, from their install scripts, and how a database was left by them. Their libraries are not here,
# and the new one asks for the update, so what their functions wrote is written by hand.

package Released;

use strict;
use warnings;
use Exporter 'import';

our @EXPORT_OK = qw(released_versions before_data before_alerts before_access);

# Those that this server can install: 0.1.0 knew no PostgreSQL after 16.
sub released_versions
{
	my ($node) = @_;
	my @versions = map { m{invtrack--([0-9.]+)\.sql$} ? $1 : () } glob 'sql/released/invtrack--*.sql';
	my $server = $node->safe_psql('postgres', 'SHOW server_version_num');

	die 'there are no released versions' if !@versions;
	return grep { $_ ne '0.1.0' || $server < 170000 } sort @versions;
}

# A merchant with stock, trackers and movements: purged, folded, and neither. Of each version, also of 0.1.0.
sub before_data
{
	return q{
    INSERT INTO invtrack.merchant VALUES ('m', 'Merchant', 'Europe/Berlin');
    INSERT INTO invtrack.inventory_type VALUES ('m', 'good', 'Good');
    INSERT INTO invtrack.product VALUES ('m', 'a', 'A', '2026-01-01'), ('m', 'b', 'B', NULL);
    INSERT INTO invtrack.stock_lot VALUES ('m', 'a', 'good', '1', '2026-04-01', 7.5), ('m', 'b', 'good', '', NULL, 3);
    INSERT INTO invtrack.tracker (merchant, sku, inventory_type, mechanism, quantity, lookback_days, coverage_days, expiry_days)
    VALUES ('m', 'a', 'good', 'stock_quantity', 10, NULL, NULL, 10),
           ('m', 'b', 'good', 'turnover_days', NULL, 30, 14, NULL),
           ('m', 'b', 'good', 'stalled_days', 5, 30, NULL, NULL);
    CREATE TEMPORARY TABLE line AS
    SELECT sku, flow, date '2026-03-10' - n AS day, 1.25 AS quantity, n
      FROM unnest(ARRAY['a', 'b']) sku, unnest(ARRAY['sale', 'shipment']) flow, generate_series(0, 40) n;
    INSERT INTO invtrack.movement (merchant, sku, inventory_type, flow, occurred_on, quantity, folded)
    SELECT 'm', sku, 'good', flow, day, quantity, n >= 5 FROM line WHERE n < 25 ORDER BY sku, flow, n;
    INSERT INTO invtrack.flow_series (merchant, sku, inventory_type, flow, movements, days, purged_movements, purged)
    SELECT 'm', sku, 'good', flow, count(*), invtrack.day_series_agg(day, quantity),
           count(*) FILTER (WHERE n >= 25), invtrack.day_series_agg(day, quantity) FILTER (WHERE n >= 25)
      FROM line WHERE n >= 5 GROUP BY sku, flow;
    INSERT INTO invtrack.fold_state VALUES ('m', '2026-03-10 12:00+00');
    DROP TABLE line};
}

# What a check on 2026-03-10 has found, since 0.2.0: an open alert, which a consumer has taken, and one that is closed.
sub before_alerts
{
	return q{
    INSERT INTO invtrack.check_state VALUES ('m', 3, '2026-03-10 12:00+00', '{2026-03-09:1,2026-03-10:1}');
    INSERT INTO invtrack.alert (merchant, alert_id, sku, inventory_type, mechanism, status, reason, opened_health, lowest_health,
                                opened_at, opened_on, closed_at, closed_on, closed_as, acknowledged_by, acknowledged_at)
    VALUES ('m', 1, 'b', 'good', 'stalled_days', 'stalled', 'shipments_below_quantity', 50, 40, '2026-03-09 12:00+00', '2026-03-09',
            '2026-03-10 12:00+00', '2026-03-10', 'recovered', NULL, NULL),
           ('m', 2, 'a', 'good', 'stock_quantity', 'replenish', 'stock_below_quantity', 75, 75, '2026-03-10 12:00+00', '2026-03-10',
            NULL, NULL, NULL, 'ann', '2026-03-10 13:00+00');
    INSERT INTO invtrack.alert_event
    SELECT 'm', e.event_id, e.transition, a.alert_id, a.sku, a.inventory_type, a.mechanism, a.opened_at, to_jsonb(a)
      FROM (VALUES (1, 'opened', 1), (2, 'recovered', 1), (3, 'opened', 2)) e (event_id, transition, alert_id)
      JOIN invtrack.alert a USING (alert_id);
    INSERT INTO invtrack.alert_consumer VALUES ('m', 'mail', 2, '2026-03-10 12:30+00', '2026-03-10 12:30+00');
    INSERT INTO invtrack.tracker_history VALUES ('m', 'a', 'good', 'stock_quantity', '{2026-03-09:75,2026-03-10:75}', '{2026-03-09:7.5,2026-03-10:7.5}');
    INSERT INTO invtrack.stock_history VALUES ('m', 'a', 'good', '{2026-03-09:7.5}')};
}

# pg_temp.grant_access(), as that of 0.2.0: all in the owner's name.
sub before_access
{
	return q{
    CREATE FUNCTION pg_temp.grant_access(who text, of_merchant text, upto text) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        due record;
    BEGIN
        INSERT INTO invtrack.access_grant (role, merchant, level) VALUES (who::regrole::oid::invtrack.role_ref, of_merchant, upto);
        FOR due IN SELECT l.* FROM invtrack.level_privilege l WHERE strpos('read load manage', upto) >= strpos('read load manage', l.level) LOOP
            EXECUTE format('GRANT %s ON %s %s TO %I', due.privilege, due.kind, due.object, who);
        END LOOP;
    END
    $$};
}

1;
