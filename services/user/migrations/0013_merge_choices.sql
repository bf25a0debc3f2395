-- What an operator has chosen of what both accounts have; forgotten with what is lost.
alter table user_merge add column choices jsonb not null default '[]';
