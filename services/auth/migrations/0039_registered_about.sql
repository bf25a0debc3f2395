-- What a client that registered itself says of itself and is told again: who made it, and where more is to be read.
alter table client_registration add column about jsonb not null default '{}';
