"""Power cuts: what the database helper writes is recorded, and replayed up to many cuts."""
