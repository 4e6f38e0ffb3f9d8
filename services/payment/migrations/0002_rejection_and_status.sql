-- A payment fails with the order service's rejection. In release 0.1.0 the column was `refusal`.
ALTER TABLE payments RENAME COLUMN refusal TO rejection;

-- Without it, a list of the payments of one status reads all payments.
CREATE INDEX payments_by_status ON payments (status, number);
