-- Instances and clusters. A row stays as long as history may name it.
CREATE TABLE source (
    id               INTEGER PRIMARY KEY,
    kind             INTEGER NOT NULL, -- 1 instance, 2 cluster
    name             TEXT    NOT NULL,
    mapping          TEXT    NOT NULL DEFAULT '', -- fingerprint of the label_map that the facts were read with
    generation       INTEGER, -- of the last batch; NULL: has no facts, only history names it
    good_generation  INTEGER, -- last complete read
    good_at          INTEGER, -- when that was, Unix seconds
    held_fingerprint INTEGER, -- removals held back: which, how many, how many times seen
    held_count       INTEGER,
    held_times       INTEGER,
    UNIQUE (kind, name)
) STRICT;

-- Everything a source gave or gives. id = source << 40 | number, so that the facts of a source stand together and new
-- ones are appended; hash is 32 bits of the key, because an index of the keys themselves would double the file.
CREATE TABLE object (
    id         INTEGER PRIMARY KEY,
    hash       INTEGER NOT NULL,
    generation INTEGER, -- of the batch that last changed the fact; NULL where that is
    read_at    INTEGER, -- when that was read, Unix seconds; NULL likewise
    key        BLOB    NOT NULL,
    fact       BLOB -- NULL: gone, and history may name it
) STRICT;
CREATE INDEX object_hash ON object (hash);
CREATE INDEX object_gone ON object (id) WHERE fact IS NULL;

-- Canonical references of owners, as history names them.
CREATE TABLE owner (
    id        INTEGER PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE
) STRICT;

-- Changes of a verdict (object: the component, cluster: the cluster's source) or of a Service (object: the Service,
-- cluster: 0). A side whose state is NULL was not there. peer: the Service of a verdict, the component of a Service.
CREATE TABLE history (
    id                 INTEGER PRIMARY KEY,
    at                 INTEGER NOT NULL, -- Unix seconds
    source             INTEGER NOT NULL, -- cause: whose batch
    generation         INTEGER NOT NULL, -- cause: of which generation
    object             INTEGER NOT NULL,
    cluster            INTEGER NOT NULL,
    before_state       INTEGER,
    before_owner_state INTEGER, -- verdicts only
    before_peer        INTEGER,
    before_owner       INTEGER, -- Services only
    after_state        INTEGER,
    after_owner_state  INTEGER,
    after_peer         INTEGER,
    after_owner        INTEGER
) STRICT;
CREATE INDEX history_object ON history (object, at);
CREATE INDEX history_at ON history (at);
CREATE INDEX history_before_owner ON history (before_owner, at) WHERE before_owner IS NOT NULL;
CREATE INDEX history_after_owner ON history (after_owner, at) WHERE after_owner IS NOT NULL;

-- The `after` side that history last recorded for each subject, as long as it is there.
CREATE TABLE recorded (
    object      INTEGER NOT NULL,
    cluster     INTEGER NOT NULL,
    state       INTEGER NOT NULL,
    owner_state INTEGER,
    peer        INTEGER,
    owner       INTEGER,
    PRIMARY KEY (object, cluster)
) STRICT, WITHOUT ROWID;
