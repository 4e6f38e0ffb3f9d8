-- A line whose product the catalog no longer has is gone: it has been validated, and costs nothing.

ALTER TABLE cart_lines ADD COLUMN gone INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1));
