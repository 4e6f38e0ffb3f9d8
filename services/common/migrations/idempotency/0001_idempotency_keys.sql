-- Idempotency keys: a fingerprint of the request, the entity it began, and its final response.

CREATE TABLE idempotency_keys (
    principal   TEXT NOT NULL,
    method      TEXT NOT NULL,
    path        TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    entity      TEXT,             -- what the request began, if it takes more than one step
    success     INTEGER,          -- the status of its response if it succeeds
    status      INTEGER,          -- NULL until there is a final response
    headers     TEXT,
    body        BLOB,
    created_at  TEXT NOT NULL,
    PRIMARY KEY (principal, method, path, key),
    CHECK ((status IS NULL) = (body IS NULL) AND (status IS NULL) = (headers IS NULL)),
    CHECK (status IS NOT NULL OR (entity IS NOT NULL AND success IS NOT NULL))
) STRICT;
CREATE INDEX idempotency_keys_unsettled ON idempotency_keys (entity) WHERE status IS NULL;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
