#pragma once

#include "identities_model.hpp"

/// Accounts that somebody regains: they sign in by passkeys alone, and have lost them.
namespace gravity::issuer {

/// That somebody has asked for it who has the mailbox, and nothing else: they wait, and everybody who could mind is told.
struct Regaining {
    IdentityId identity_id;
    std::string canonical; // the e-mail address
    Timestamp begun_at;
    Timestamp good_from;
    Timestamp ends_at;
};
BOOST_DESCRIBE_STRUCT(Regaining, (), (identity_id, canonical, begun_at, good_from, ends_at))

/// For whoever sends mail and short messages, one for each address and phone number of the identity: the link stops it.
struct RecoveryBegun {
    static constexpr Event event{"gravity.auth.recovery.begun"};
    IdentityId identity_id;
    LoginKind kind{};
    std::string address;
    std::string link;
    Timestamp good_from;
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(RecoveryBegun, (), (identity_id, kind, address, link, good_from, expires_at))

/// The time has come. For whoever sends mail: the link is in it.
struct RecoveryReady {
    static constexpr Event event{"gravity.auth.recovery.ready"};
    IdentityId identity_id;
    std::string address;
    std::string link;
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(RecoveryReady, (), (identity_id, address, link, expires_at))

/// It was stopped: by a link that says so, or since somebody has signed in.
struct RecoveryCancelled {
    static constexpr Event event{"gravity.auth.recovery.cancelled"};
    IdentityId identity_id;
};
BOOST_DESCRIBE_STRUCT(RecoveryCancelled, (), (identity_id))

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, Regaining, RecoveryBegun, RecoveryReady, RecoveryCancelled)
