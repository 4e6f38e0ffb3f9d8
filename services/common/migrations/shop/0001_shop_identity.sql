-- What the data belongs to: the shop, and the currency of its money.

CREATE TABLE shop (id TEXT NOT NULL) STRICT;            -- stored, so that a start needs no registry
CREATE TABLE opened_in (currency TEXT NOT NULL) STRICT;
