#pragma once

#include "identities_model.hpp"

#include <gravity/base/secret.hpp>

/// Credentials: what an identity proves with who it is. Their secrets are never shown.
namespace gravity::issuer {

using CredentialId = Id<"credential">;

enum class CredentialType {
    password,
    totp, // codes of an app
    passkey
};
BOOST_DESCRIBE_ENUM(CredentialType, password, totp, passkey)

/// What is set for an identity by whoever administers it: an app and a passkey are set up by their owner alone, who proves that they work.
enum class SettableType {
    password
};
BOOST_DESCRIBE_ENUM(SettableType, password)

struct NewCredential {
    IdentityId identity_id;
    Default<SettableType::password> type;
    Secret<> password;
};
BOOST_DESCRIBE_STRUCT(NewCredential, (), (identity_id, type, password))

struct Credential {
    CredentialId id;
    Version version;
    IdentityId identity_id;
    CredentialType type{};
    Timestamp created_at;
    std::optional<Timestamp> last_used_at;
    std::optional<std::string> name; // what its owner calls it: of a passkey
};
BOOST_DESCRIBE_STRUCT(Credential, (), (id, version, identity_id, type, created_at, last_used_at, name))

struct ListCredentials : PageQuery {
    std::optional<IdentityId> identity_id;
    std::optional<CredentialType> type;
};
BOOST_DESCRIBE_STRUCT(ListCredentials, (PageQuery), (identity_id, type))

struct ImportedPassword {
    Secret<> password_hash;
};
BOOST_DESCRIBE_STRUCT(ImportedPassword, (), (password_hash))

struct CredentialAdded {
    static constexpr Event event{"gravity.auth.credential.added"};
    CredentialId id;
    IdentityId identity_id;
    CredentialType type{};
};
BOOST_DESCRIBE_STRUCT(CredentialAdded, (), (id, identity_id, type))

struct CredentialRemoved {
    static constexpr Event event{"gravity.auth.credential.removed"};
    CredentialId id;
    IdentityId identity_id;
    CredentialType type{};
};
BOOST_DESCRIBE_STRUCT(CredentialRemoved, (), (id, identity_id, type))

} // namespace gravity::issuer

template <>
struct gravity::meta::docs<gravity::issuer::NewCredential> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"password", "8 to 256 characters, none of the commonest passwords and none made of the names of the identity; takes the place of the one before"},
    };
};
template <>
struct gravity::meta::docs<gravity::issuer::ImportedPassword> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"password_hash", "What another system kept of the password: bcrypt, PBKDF2 (PHC, passlib, Django) or Argon2 (PHC)"},
    };
};

GRAVITY_TABLES(issuer, CredentialId, NewCredential, Credential, ListCredentials, ImportedPassword, CredentialAdded, CredentialRemoved)
