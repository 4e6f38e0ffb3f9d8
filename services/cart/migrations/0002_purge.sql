-- A cart that is empty may be forgotten. A version is never given twice to a user, so whoever comes
-- back begins above the versions of all carts that were forgotten.

CREATE TABLE forgotten_carts (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL                       -- the highest that any of them had
) STRICT;
INSERT INTO forgotten_carts (id, version) VALUES (1, 0);
CREATE TRIGGER forgotten_carts_only_rises BEFORE UPDATE ON forgotten_carts
WHEN NEW.version < OLD.version BEGIN SELECT RAISE (ABORT, 'a version is given once'); END;
CREATE TRIGGER forgotten_carts_stays BEFORE DELETE ON forgotten_carts
BEGIN SELECT RAISE (ABORT, 'a version is given once'); END;

CREATE TRIGGER cart_begins_above BEFORE INSERT ON cart
WHEN NEW.version <= (SELECT version FROM forgotten_carts)
BEGIN SELECT RAISE (ABORT, 'a version is given once'); END;
CREATE TRIGGER cart_is_forgotten AFTER DELETE ON cart
BEGIN UPDATE forgotten_carts SET version = max(version, OLD.version); END;
CREATE TRIGGER cart_closes_keep_all BEFORE DELETE ON cart_closes
BEGIN SELECT RAISE (ABORT, 'what was closed stays closed'); END;

-- How many lines a cart has, so that an index finds those that have none.
ALTER TABLE cart ADD COLUMN lines INTEGER NOT NULL DEFAULT 0 CHECK (lines >= 0);
UPDATE cart SET lines = (SELECT count(*) FROM cart_lines WHERE cart_lines.user_id = cart.user_id);
CREATE TRIGGER cart_lines_come AFTER INSERT ON cart_lines
BEGIN UPDATE cart SET lines = lines + 1 WHERE user_id = NEW.user_id; END;
CREATE TRIGGER cart_lines_go AFTER DELETE ON cart_lines
BEGIN UPDATE cart SET lines = lines - 1 WHERE user_id = OLD.user_id; END;
CREATE INDEX cart_empty ON cart (updated_at) WHERE lines = 0;
