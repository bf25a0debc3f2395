-- When a key was last good for something, to the minute: written off the request, in batches.
alter table api_key add column last_used_at timestamptz;
