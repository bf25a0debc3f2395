-- Which claims a request asked to have in the ID token (OpenID Connect Core section 5.5).
alter table auth_code add column id_token_claims text[] not null default '{}';
