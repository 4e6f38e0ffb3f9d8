-- The orders of a user with one status, newest first, are read from an index.

CREATE INDEX orders_by_user_and_status ON orders (user_id, status, number);
