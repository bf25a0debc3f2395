-- How a client has to ask for codes: sent ahead (RFC 9126 section 6), and with a challenge (RFC 7636).
alter table client
    add column require_pushed_authorization_requests boolean not null default false,
    add column require_pkce boolean not null default true;
