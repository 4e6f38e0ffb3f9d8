-- Carts: the units that each customer has added, with the cart's version that each addition made.

CREATE TABLE cart (
    user_id    TEXT PRIMARY KEY,
    version    INTEGER NOT NULL CHECK (version >= 0),  -- raised by every change, never reset
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE cart_lines (
    user_id    TEXT NOT NULL REFERENCES cart (user_id),
    product_id INTEGER NOT NULL,
    place      INTEGER NOT NULL,            -- the version at which the line was added, to sort by
    validated  INTEGER NOT NULL CHECK (validated IN (0, 1)),
    PRIMARY KEY (user_id, product_id)
) STRICT;

CREATE TABLE cart_units (
    user_id    TEXT NOT NULL,
    product_id INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    quantity   INTEGER NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (user_id, product_id, version),
    FOREIGN KEY (user_id, product_id) REFERENCES cart_lines (user_id, product_id) ON DELETE CASCADE
) STRICT;

-- One row for each order whose cart was closed, so that a close has its effect only once.
CREATE TABLE cart_closes (
    order_id  TEXT PRIMARY KEY,
    user_id   TEXT NOT NULL,
    version   INTEGER NOT NULL,
    closed_at TEXT NOT NULL
) STRICT;

-- What the catalog last said about a product, for the prices in carts while it does not answer.
CREATE TABLE known_products (
    product_id  INTEGER PRIMARY KEY,
    name        TEXT NOT NULL,
    price_cents INTEGER NOT NULL CHECK (price_cents >= 0)
) STRICT;

CREATE VIEW carts AS
SELECT cart.user_id,
       (SELECT json_group_array(json_object('product_id', product_id, 'quantity', quantity))
          FROM (SELECT line.product_id, sum(units.quantity) AS quantity
                  FROM cart_lines AS line
                  JOIN cart_units AS units
                    ON units.user_id = line.user_id AND units.product_id = line.product_id
                 WHERE line.user_id = cart.user_id
                 GROUP BY line.product_id
                 ORDER BY line.place)) AS items,
       cart.created_at,
       cart.updated_at
  FROM cart;
