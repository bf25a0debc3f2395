-- The keys of the issuer itself. They belong to no project (decision 44): who may sign for the platform, may for all of it.
create table signing_key (
    kid            text primary key,  -- RFC 7638 thumbprint
    alg            text not null check (alg in ('es256', 'eddsa', 'rs256')),
    state          text not null check (state in ('next', 'active', 'retiring', 'retired', 'revoked')),
    private_sealed text,              -- under MASTER_KEY, with the kid as associated data; gone once the key signs no more
    public_jwk     jsonb not null,
    version        bigint not null default 1,
    created_at     timestamptz not null, -- and published, at once
    activates_at   timestamptz not null, -- of `next`: when it is to sign; of others: when it began
    retires_at     timestamptz,          -- of `retiring`: when the last token it signed has expired
    ended_at       timestamptz,          -- since when it is published no more
    check ((state in ('next', 'active')) = (private_sealed is not null)),
    check ((state = 'retiring') <= (retires_at is not null)),
    check ((state in ('retired', 'revoked')) = (ended_at is not null))
);
create unique index signing_key_active on signing_key (alg) where state = 'active';
create unique index signing_key_next on signing_key (alg) where state = 'next';
create index signing_key_newest on signing_key (created_at desc, kid desc);

-- States move forward only: a key that verifiers have been told to forget never comes back.
create function signing_key_forward() returns trigger language plpgsql as $$
declare
    states constant text[] := array['next', 'active', 'retiring', 'retired', 'revoked'];
begin
    if array_position(states, new.state) < array_position(states, old.state) then
        raise exception 'signing key % cannot go from % to %', old.kid, old.state, new.state
            using errcode = 'check_violation', constraint = 'signing_key_forward';
    end if;
    return new;
end $$;
create trigger signing_key_forward before update of state on signing_key for each row execute function signing_key_forward();
