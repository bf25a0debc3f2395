-- What a client's ID tokens, and what it is told of logouts, are signed with.
alter table client add column id_token_alg text not null default 'rs256' check (id_token_alg in ('rs256', 'es256'));
