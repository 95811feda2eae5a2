-- What the text was that the fact came of, as a number under the source's origin; NULL: not known.
ALTER TABLE object ADD COLUMN content BLOB;
-- What the numbers of its facts are good under, as whoever numbers them wrote it; NULL: nobody did. Not to be shown.
ALTER TABLE source ADD COLUMN origin BLOB;
