-- The keys that customers' tokens are signed with, and what holds for all of them.

CREATE TABLE token_keys (
    kid        TEXT NOT NULL PRIMARY KEY,
    secret     TEXT NOT NULL,            -- 32 random bytes, in base64url
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE token_rules (
    longest_token  INTEGER NOT NULL CHECK (longest_token >= 0),  -- seconds
    older_ended_at TEXT                  -- what was signed before is refused
) STRICT;
