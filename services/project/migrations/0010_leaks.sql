-- A key that was found where it should not be: when that was first reported, and where.
alter table api_key add column leaked_at timestamptz, add column leaked_where text;
