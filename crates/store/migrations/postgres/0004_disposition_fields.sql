-- What an agent wrote down with a call's disposition: a JSON object of texts; NULL where there is none.

ALTER TABLE calls ADD COLUMN disposition_fields TEXT;
