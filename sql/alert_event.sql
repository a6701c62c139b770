
-- Events: an outbox for programs that deliver alerts ----------------------------------------------

CREATE TABLE invtrack.alert_event (
    merchant text COLLATE "C" NOT NULL,
    event_id bigint NOT NULL,
    transition text COLLATE "C" NOT NULL,
    alert_id bigint NOT NULL,
    sku text COLLATE "C" NOT NULL,
    inventory_type text COLLATE "C" NOT NULL,
    mechanism text COLLATE "C" NOT NULL,
    recorded_at timestamptz NOT NULL,
    payload jsonb NOT NULL,
    CONSTRAINT alert_event_pkey PRIMARY KEY (merchant, event_id),
    CONSTRAINT alert_event_transition_check CHECK (
        transition IN ('opened', 'worsened', 'recovered', 'withdrawn', 'renamed'))
);
COMMENT ON TABLE invtrack.alert_event IS
'What checks found out, in order: an outbox for programs that deliver it. Written by checks';
COMMENT ON COLUMN invtrack.alert_event.merchant IS 'Merchant of the item';
COMMENT ON COLUMN invtrack.alert_event.event_id IS 'Number of the event: 1, 2, 3, ... of its merchant, in the order of commits';
COMMENT ON COLUMN invtrack.alert_event.transition IS
'opened; worsened: another status, or critical now; recovered; withdrawn: tracker or product deleted, merged or retired; renamed';
COMMENT ON COLUMN invtrack.alert_event.alert_id IS 'Which alert';
COMMENT ON COLUMN invtrack.alert_event.sku IS 'Product of the item';
COMMENT ON COLUMN invtrack.alert_event.inventory_type IS 'Inventory type of the item';
COMMENT ON COLUMN invtrack.alert_event.mechanism IS 'Mechanism of the tracker';
COMMENT ON COLUMN invtrack.alert_event.recorded_at IS 'When it was found out';
COMMENT ON COLUMN invtrack.alert_event.payload IS 'All there is to tell; the format has a version and is described in docs/reference/events.md';

CREATE FUNCTION invtrack_internal.is_alert_consumer(merchant text, consumer text, confirmed bigint)
RETURNS boolean LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'alert_event_is_consumer';
COMMENT ON FUNCTION invtrack_internal.is_alert_consumer(text, text, bigint) IS
'Are these what a consumer can have? True, or an error that names the column and its value';

CREATE TABLE invtrack.alert_consumer (
    merchant text COLLATE "C" NOT NULL,
    consumer text COLLATE "C" NOT NULL,
    confirmed bigint NOT NULL DEFAULT 0,
    confirmed_at timestamptz,
    taken_at timestamptz,
    CONSTRAINT alert_consumer_pkey PRIMARY KEY (merchant, consumer),
    CONSTRAINT alert_consumer_check CHECK (
        invtrack_internal.is_alert_consumer(merchant, consumer, confirmed))
) WITH (fillfactor = 50);
COMMENT ON TABLE invtrack.alert_consumer IS
'How far each program that delivers events has come. To give up a consumer, delete its rows';
COMMENT ON COLUMN invtrack.alert_consumer.merchant IS 'Merchant of the events';
COMMENT ON COLUMN invtrack.alert_consumer.consumer IS 'Name that the program gives itself';
COMMENT ON COLUMN invtrack.alert_consumer.confirmed IS 'Number of the last event that it confirmed';
COMMENT ON COLUMN invtrack.alert_consumer.confirmed_at IS 'When it did; null: never';
COMMENT ON COLUMN invtrack.alert_consumer.taken_at IS 'When it was last given events of this merchant; null: never';

CREATE FUNCTION invtrack.take_alert_events(consumer text, max_rows integer DEFAULT 100)
RETURNS SETOF invtrack.alert_event LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 100
AS 'MODULE_PATHNAME', 'alert_event_take';
COMMENT ON FUNCTION invtrack.take_alert_events(text, integer) IS
'Events that a consumer has not confirmed, in order per merchant; until the end of the transaction nobody else takes those of the same merchants for it';

CREATE FUNCTION invtrack.confirm_alert_events(consumer text, merchant text, event_id bigint)
RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'alert_event_confirm';
COMMENT ON FUNCTION invtrack.confirm_alert_events(text, text, bigint) IS
'A consumer has delivered a merchant''s events up to this one; returns how many of them were not confirmed yet';

SELECT pg_catalog.pg_extension_config_dump('invtrack.alert_event', '');
SELECT pg_catalog.pg_extension_config_dump('invtrack.alert_consumer', '');
