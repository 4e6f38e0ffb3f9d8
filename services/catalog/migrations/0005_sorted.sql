-- A page of a list that is sorted by name or by price is read from an index, and the list not sorted.

CREATE INDEX products_by_name ON products (sort_name, id) WHERE deleted_at IS NULL;
CREATE INDEX products_by_price ON products (price_minor, id) WHERE deleted_at IS NULL;
