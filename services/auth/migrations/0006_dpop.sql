-- Clients whose tokens are always bound to a key (RFC 9449 section 5.2).
alter table client add column require_dpop boolean not null default false;

-- Proofs that have been used at the token endpoint: each is good once.
create table dpop_proof (
    project    uuid,
    jkt        text not null, -- of its key
    jti        text not null,
    expires_at timestamptz not null,
    constraint dpop_proof_pkey primary key (project, jkt, jti)
);
call gravity.isolate('dpop_proof');
create index dpop_proof_expired on dpop_proof (project, expires_at);
