-- Clients that registered themselves, and may go on looking after it (RFC 7592): with a token of their own, of which the hash is kept.
create table client_registration (
    client_id   uuid primary key references client (id) on delete cascade,
    project     uuid,
    hash        bytea not null, -- SHA-256 of 256 random bits
    auth_method text not null   -- as the client named it
);
call gravity.isolate('client_registration');
