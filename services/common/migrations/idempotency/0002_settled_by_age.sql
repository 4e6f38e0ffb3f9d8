-- Finds the final responses that are old enough to go, and nothing else: not the keys in flight.

DROP INDEX idempotency_keys_by_age;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at) WHERE status IS NOT NULL;
