-- Carts: what each customer has put in, with the cart's version at which each unit came.

CREATE TABLE cart (
    user_id    TEXT PRIMARY KEY,
    version    INTEGER NOT NULL CHECK (version >= 0),  -- raised by every change, never restarted
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE cart_lines (
    user_id    TEXT NOT NULL REFERENCES cart (user_id),
    product_id INTEGER NOT NULL,
    place      INTEGER NOT NULL,            -- the version at which the line came, to order them by
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

-- One row an order whose cart was closed: it has its effect once.
CREATE TABLE cart_closes (
    order_id  TEXT PRIMARY KEY,
    user_id   TEXT NOT NULL,
    version   INTEGER NOT NULL,
    closed_at TEXT NOT NULL
) STRICT;

-- What the catalog last said of a product, to price carts by while it cannot be asked.
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
