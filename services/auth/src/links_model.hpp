#pragma once

#include "identities_model.hpp"

/// Links that somebody is sent, each good once: to set a password anew, to prove that an e-mail address is theirs, or to regain an account (regain.hpp).
namespace gravity::issuer {

inline constexpr std::string_view link_prefix = "gln_";

enum class LinkPurpose {
    recovery,
    confirmation,
    regain,      // of who has passkeys alone
    cancellation // of that
};
BOOST_DESCRIBE_ENUM(LinkPurpose, recovery, confirmation, regain, cancellation)

struct Link {
    IdentityId identity_id;
    std::string canonical; // the e-mail address, or of a cancellation the phone number, that it was sent to
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(Link, (), (identity_id, canonical, expires_at))

/// Who is to get a link.
struct Addressee {
    IdentityId identity_id;
    std::string canonical;
    std::string value; // as it was given
};
BOOST_DESCRIBE_STRUCT(Addressee, (), (identity_id, canonical, value))

/// For whoever sends mail: the link is in it.
struct RecoveryRequested {
    static constexpr Event event{"gravity.auth.recovery.requested"};
    IdentityId identity_id;
    std::string address;
    std::string link;
    std::optional<std::string> code; // where the flow API asked: it is typed there, instead
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(RecoveryRequested, (), (identity_id, address, link, code, expires_at))

struct ConfirmationRequested {
    static constexpr Event event{"gravity.auth.confirmation.requested"};
    IdentityId identity_id;
    std::string address;
    std::string link;
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(ConfirmationRequested, (), (identity_id, address, link, expires_at))

struct CredentialRecovered {
    static constexpr Event event{"gravity.auth.credential.recovered"};
    IdentityId identity_id;
};
BOOST_DESCRIBE_STRUCT(CredentialRecovered, (), (identity_id))

/// For whoever sends mail and short messages, one for each address and phone number of the identity: somebody has got back into the account by a link or a code
/// that was mailed. Nothing in it opens anything.
struct RecoveryCompleted {
    static constexpr Event event{"gravity.auth.recovery.completed"};
    IdentityId identity_id;
    LoginKind kind{};
    std::string address;
};
BOOST_DESCRIBE_STRUCT(RecoveryCompleted, (), (identity_id, kind, address))

struct AddressConfirmed {
    static constexpr Event event{"gravity.auth.address.confirmed"};
    IdentityId identity_id;
    std::string address;
};
BOOST_DESCRIBE_STRUCT(AddressConfirmed, (), (identity_id, address))

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, Link, Addressee, RecoveryRequested, ConfirmationRequested, CredentialRecovered, RecoveryCompleted, AddressConfirmed)
