-- With how many decimals amounts are kept. Until now it was two, whatever the currency was.

ALTER TABLE opened_in ADD COLUMN decimals INTEGER NOT NULL DEFAULT 2;
