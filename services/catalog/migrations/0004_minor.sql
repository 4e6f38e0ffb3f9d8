-- Amounts are of the currency's smallest unit, which need not be a cent. A price may have up to 10^10
-- of them. Only a new table has another bound; the few products that a shop has are copied to one.

ALTER TABLE reservations RENAME COLUMN total_cents TO total_minor;
ALTER TABLE reservation_lines RENAME COLUMN price_cents TO price_minor;

CREATE TABLE new_products (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    sku         TEXT,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    category    TEXT NOT NULL,
    image       TEXT,
    price_minor INTEGER NOT NULL CHECK (price_minor BETWEEN 0 AND 10000000000),
    currency    TEXT NOT NULL,
    minor_per_major INTEGER NOT NULL,
    available   INTEGER NOT NULL CHECK (available >= 0),
    reserved    INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    sold        INTEGER NOT NULL DEFAULT 0 CHECK (sold >= 0),
    version     INTEGER NOT NULL DEFAULT 1,
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL,
    deleted_at  TEXT,
    sort_name   TEXT NOT NULL,  -- the name, folded for sorting; below, all text folded for searching:
    search_text TEXT NOT NULL,  -- SQLite itself ignores case only for A to Z
    price       REAL GENERATED ALWAYS AS (1.0 * price_minor / minor_per_major) VIRTUAL,  -- for people; never used here
    stock       INTEGER GENERATED ALWAYS AS (available) VIRTUAL
) STRICT;
INSERT INTO new_products
       (id, sku, name, description, category, image, price_minor, currency, minor_per_major, available,
        reserved, sold, version, created_at, updated_at, deleted_at, sort_name, search_text)
SELECT id, sku, name, description, category, image, price_cents, currency, 100, available,
       reserved, sold, version, created_at, updated_at, deleted_at, sort_name, search_text
  FROM products;
DROP TABLE products;
ALTER TABLE new_products RENAME TO products;
CREATE UNIQUE INDEX products_by_sku ON products (sku) WHERE deleted_at IS NULL;
CREATE INDEX products_by_category ON products (category, id) WHERE deleted_at IS NULL;
