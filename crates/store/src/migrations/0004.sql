-- Since when history is whole: what is older was deleted, but for the last change of each subject. No row: nothing was.
CREATE TABLE history_begin (
    only   INTEGER PRIMARY KEY CHECK (only = 1),
    moment INTEGER NOT NULL -- Unix seconds
) STRICT;
