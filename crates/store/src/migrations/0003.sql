-- What people decided. A row stays after its decision has ended: history names it as a cause, by source 0 and its id as
-- the generation.
CREATE TABLE decision (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    kind      INTEGER NOT NULL, -- 1 pin, 2 prefer, 3 ignore a component, 4 ignore a Service, 5 confirm removals
    instance  TEXT, -- of the component; of kind 5 the catalog whose removals are confirmed
    component TEXT, -- canonical reference
    cluster   TEXT, -- of the Service; of kind 5 the cluster whose removals are confirmed
    namespace TEXT,
    service   TEXT,
    author    TEXT    NOT NULL,
    reason    TEXT    NOT NULL,
    at        INTEGER NOT NULL, -- Unix seconds
    until     INTEGER, -- when it ends by itself; NULL: never
    ended_at  INTEGER, -- NULL: it stands
    ended_by  TEXT, -- NULL: its time was over
    ended_why TEXT
) STRICT;
CREATE INDEX decision_standing ON decision (id) WHERE ended_at IS NULL;
