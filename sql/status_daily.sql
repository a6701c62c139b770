
-- How many trackers had which status, day by day -----------------------------------------------------
--
-- A few rows for each day on which a merchant was checked, so that the trend of a dashboard reads no tracker's history.

CREATE TABLE invtrack.status_daily (
    merchant text COLLATE "C" NOT NULL,
    day date NOT NULL,
    mechanism text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    trackers integer NOT NULL,
    CONSTRAINT status_daily_pkey PRIMARY KEY (merchant, day, mechanism, status),
    CONSTRAINT status_daily_merchant_fkey FOREIGN KEY (merchant) REFERENCES invtrack.merchant
);
COMMENT ON TABLE invtrack.status_daily IS
'How many trackers had which status on each day that was checked, as the last check of the day found it';
COMMENT ON COLUMN invtrack.status_daily.merchant IS 'Merchant of the trackers';
COMMENT ON COLUMN invtrack.status_daily.day IS 'Day of the merchant''s calendar';
COMMENT ON COLUMN invtrack.status_daily.mechanism IS 'Mechanism of the trackers';
COMMENT ON COLUMN invtrack.status_daily.status IS 'ok, replenish, stalled or no_sales';
COMMENT ON COLUMN invtrack.status_daily.trackers IS 'How many, paused ones and those of retired products included; a status that none had has no row';

SELECT pg_catalog.pg_extension_config_dump('invtrack.status_daily', '');
