-- Clients that are told when a session has ended in which somebody signed in at them (OpenID Connect Back-Channel Logout).
alter table client
    add column backchannel_logout_uri text,
    add column backchannel_logout_session_required boolean not null default false;

-- At which clients somebody has signed in, in one session.
create table session_client (
    project    uuid,
    session_id uuid not null references session (id) on delete cascade,
    client_id  uuid not null references client (id) on delete cascade,
    constraint session_client_pkey primary key (session_id, client_id)
);
call gravity.isolate('session_client');
create index session_client_of on session_client (client_id);
