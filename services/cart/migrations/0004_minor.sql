-- Amounts are of the currency's smallest unit, which need not be a cent.

ALTER TABLE known_products RENAME COLUMN price_cents TO price_minor;
