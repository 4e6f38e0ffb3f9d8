-- The registered instances, those that the operator has drained, and the history of events.

CREATE TABLE registrations (
    service       TEXT NOT NULL,
    instance_id   TEXT NOT NULL,
    url           TEXT NOT NULL,
    lease         TEXT NOT NULL,
    version       TEXT,
    meta          TEXT NOT NULL,   -- JSON
    ttl           REAL NOT NULL CHECK (ttl > 0),
    draining      INTEGER NOT NULL CHECK (draining IN (0, 1)),
    registered_at TEXT NOT NULL,
    PRIMARY KEY (service, instance_id)
) STRICT;

-- The operator's overrides, which stay while an instance is not registered.
CREATE TABLE drained (
    service     TEXT NOT NULL,
    instance_id TEXT NOT NULL,
    PRIMARY KEY (service, instance_id)
) STRICT;

CREATE TABLE history (
    id          INTEGER PRIMARY KEY,
    what        TEXT NOT NULL,
    service     TEXT NOT NULL,
    instance_id TEXT NOT NULL,
    at          TEXT NOT NULL,
    detail      TEXT NOT NULL
) STRICT;
