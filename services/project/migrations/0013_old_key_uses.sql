-- When it was told that a key was used although another one had taken its place: once.
alter table api_key add column old_use_told_at timestamptz;
