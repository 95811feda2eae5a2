-- Tokens of programs. A token itself is nowhere: only a digest of its secret.
CREATE TABLE api_token (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    name    TEXT    NOT NULL,
    role    TEXT    NOT NULL, -- a word; what it permits is not the store's business
    teams   TEXT    NOT NULL, -- references, one a line
    digest  BLOB    NOT NULL, -- SHA-256
    made_by TEXT, -- NULL: nobody said
    at      INTEGER NOT NULL, -- Unix seconds
    expires INTEGER NOT NULL -- Unix seconds
) STRICT;
