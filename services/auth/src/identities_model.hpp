#pragma once

#include <gravity/model.hpp>

/// Identities: people (or whoever signs in as one), known by their login names.
namespace gravity::issuer {

using IdentityId = Id<"identity">;

enum class LoginKind {
    email,
    phone,
    username
};
BOOST_DESCRIBE_ENUM(LoginKind, email, phone, username)

struct LoginName {
    LoginKind kind{};
    Text<1, 254> value;
};
BOOST_DESCRIBE_STRUCT(LoginName, (), (kind, value))

enum class IdentityState {
    pending, // signs in once it is enabled
    active,
    disabled
};
BOOST_DESCRIBE_ENUM(IdentityState, pending, active, disabled)

/// How one may begin.
enum class FirstState {
    pending,
    active
};
BOOST_DESCRIBE_ENUM(FirstState, pending, active)

struct IdentityEdit {
    std::vector<LoginName> login_names;
};
BOOST_DESCRIBE_STRUCT(IdentityEdit, (), (login_names))
void check(const IdentityEdit& identity, meta::Errors& errors);

struct NewIdentity : IdentityEdit {
    Default<FirstState::active> state;
};
BOOST_DESCRIBE_STRUCT(NewIdentity, (IdentityEdit), (state))

struct Identity : IdentityEdit {
    IdentityId id;
    Version version;
    IdentityState state{};
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Identity, (IdentityEdit), (id, version, state, created_at, updated_at))

/// A login name as it is stored.
struct StoredName {
    LoginKind kind{};
    std::string canonical;
    std::string value;
};
BOOST_DESCRIBE_STRUCT(StoredName, (), (kind, canonical, value))

/// And whether its owner has proven that it is theirs.
struct KnownName : StoredName {
    bool confirmed = false;
};
BOOST_DESCRIBE_STRUCT(KnownName, (StoredName), (confirmed))

struct ListIdentities : PageQuery {
    std::optional<IdentityState> state;
    std::optional<Text<1, 254>> login_name;
};
BOOST_DESCRIBE_STRUCT(ListIdentities, (PageQuery), (state, login_name))

/// The same as the statement takes it: the name as names are found.
struct FindIdentities : PageQuery {
    std::optional<IdentityState> state;
    std::optional<LoginKind> kind;
    std::optional<std::string> canonical;
};
BOOST_DESCRIBE_STRUCT(FindIdentities, (PageQuery), (state, kind, canonical))

struct IdentityCreated {
    static constexpr Event event{"gravity.auth.identity.created"};
    IdentityId id;
    IdentityState state{};
};
BOOST_DESCRIBE_STRUCT(IdentityCreated, (), (id, state))

struct IdentityDisabled {
    static constexpr Event event{"gravity.auth.identity.disabled"};
    IdentityId id;
};
BOOST_DESCRIBE_STRUCT(IdentityDisabled, (), (id))

struct IdentityDeleted {
    static constexpr Event event{"gravity.auth.identity.deleted"};
    IdentityId id;
};
BOOST_DESCRIBE_STRUCT(IdentityDeleted, (), (id))

} // namespace gravity::issuer

template <>
struct gravity::meta::docs<gravity::issuer::IdentityEdit> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"login_names", "What the identity signs in with: at most 10, each of one identity alone, whatever its case"},
    };
};
template <>
struct gravity::meta::docs<gravity::issuer::ListIdentities> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"login_name", "E-mail address, phone number or user name, in any spelling that signs in"},
    };
};

GRAVITY_TABLES(issuer, IdentityId, LoginName, IdentityEdit, NewIdentity, Identity, StoredName, KnownName, ListIdentities, FindIdentities, IdentityCreated,
               IdentityDisabled, IdentityDeleted)
