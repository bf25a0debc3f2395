#pragma once

#include <gravity/model.hpp>

/// The keys that tokens are signed with.
namespace gravity::issuer {

using Kid = Text<1, 100>; // RFC 7638 thumbprint

/// JWS algorithms by their names in lower case, as all enumerations here.
enum class SigningAlgorithm {
    es256,
    eddsa,
    rs256
};
BOOST_DESCRIBE_ENUM(SigningAlgorithm, es256, eddsa, rs256)

/// A key's life, which goes forward only. The first three are published.
enum class KeyState {
    next,     // will sign
    active,   // signs; one for each algorithm
    retiring, // has signed what may still be good
    retired,
    revoked // lost: dropped at once
};
BOOST_DESCRIBE_ENUM(KeyState, next, active, retiring, retired, revoked)

struct NewSigningKey {
    SigningAlgorithm alg{};
};
BOOST_DESCRIBE_STRUCT(NewSigningKey, (), (alg))

struct SigningKey : NewSigningKey {
    Kid kid;
    Version version;
    KeyState state{};
    Json public_jwk;
    Timestamp created_at;
    Timestamp activates_at;
    std::optional<Timestamp> retires_at;
    std::optional<Timestamp> ended_at;
};
BOOST_DESCRIBE_STRUCT(SigningKey, (NewSigningKey), (kid, version, state, public_jwk, created_at, activates_at, retires_at, ended_at))

/// The row: what nobody is shown too.
struct StoredKey : SigningKey {
    std::optional<std::string> private_sealed;
};
BOOST_DESCRIBE_STRUCT(StoredKey, (SigningKey), (private_sealed))

struct RotateKeys {
    std::optional<SigningAlgorithm> alg; // absent: of all
};
BOOST_DESCRIBE_STRUCT(RotateKeys, (), (alg))

struct LiveKeys {
    std::vector<SigningKey> items;
};
BOOST_DESCRIBE_STRUCT(LiveKeys, (), (items))

struct ListKeys : PageQuery {
    std::optional<KeyState> state;
};
BOOST_DESCRIBE_STRUCT(ListKeys, (PageQuery), (state))

struct SigningKeyRotated {
    static constexpr Event event{"gravity.auth.signing_key.rotated"};
    Kid kid; // signs from now on
    SigningAlgorithm alg{};
    std::optional<Kid> predecessor;
};
BOOST_DESCRIBE_STRUCT(SigningKeyRotated, (), (kid, alg, predecessor))

struct SigningKeyRevoked {
    static constexpr Event event{"gravity.auth.signing_key.revoked"};
    Kid kid;
    SigningAlgorithm alg{};
};
BOOST_DESCRIBE_STRUCT(SigningKeyRevoked, (), (kid, alg))

} // namespace gravity::issuer

template <>
struct gravity::meta::docs<gravity::issuer::SigningKey> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"created_at", "Since when it is published"},
        {"activates_at", "When it is to sign, or when it began to"},
        {"retires_at", "Of one that signs no more: until when it is published"},
        {"ended_at", "Since when it is published no more"},
    };
};

GRAVITY_TABLES(issuer, Kid, NewSigningKey, SigningKey, StoredKey, RotateKeys, LiveKeys, ListKeys, SigningKeyRotated, SigningKeyRevoked)
