-- Authorization requests that clients have sent ahead (RFC 9126): the browser brings only a name for them, once.
create table pushed_request (
    hash       bytea not null, -- of the request_uri
    project    uuid,
    client_id  uuid not null references client (id) on delete cascade,
    parameters jsonb not null,
    expires_at timestamptz not null,
    constraint pushed_request_pkey primary key (project, hash)
);
call gravity.isolate('pushed_request');
create index pushed_request_of on pushed_request (client_id);
create index pushed_request_expired on pushed_request (project, expires_at);

-- The key that a code's tokens are to be bound to, where the request named one (RFC 9449 section 10); empty: any.
alter table auth_code add column dpop_jkt text not null default '';
