-- Where a key may be shown from, and how often it is good. Nothing: from everywhere; as often as one likes.
alter table api_key add column cidrs text[] constraint api_key_cidrs check (cardinality(cidrs) between 1 and 100),
    add column uses_left bigint constraint api_key_uses_left check (uses_left >= 0);
