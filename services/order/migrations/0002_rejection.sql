-- Names the reason of a rejection like its status, REJECTED. In release 0.1.0 the column was `refusal`.

ALTER TABLE orders RENAME COLUMN refusal TO rejection;
