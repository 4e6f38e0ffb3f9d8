-- Names the reason of a rejection like its state, REJECTED. In release 0.1.0 the column was `refusal`.

ALTER TABLE reservations RENAME COLUMN refusal TO rejection;
