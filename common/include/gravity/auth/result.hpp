#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>

namespace gravity::auth {

/// Why a token was refused. For logs and metrics; a caller learns no more than 401 `invalid_token`.
enum class VerifyError : std::uint8_t {
    malformed,       // not a compact JWS, not JSON, a duplicate member, a claim of the wrong shape
    too_large,       // more than max_token_bytes
    unsupported,     // a `crit` header (RFC 7515 section 4.1.11): none is understood
    wrong_type,      // `typ` is not an access token's
    wrong_algorithm, // `none`, HS*, an algorithm that is not switched on, or one that is not the key's
    no_keys,         // no key set has been loaded yet, or the last is too old: the verifier cannot say (503, not 401)
    unknown_key,     // the key set has no such `kid`; it may be newer than the set
    bad_signature,
    missing_claim, // iss, aud, exp or sub
    wrong_issuer,
    wrong_audience,
    expired,
    not_yet_valid, // `nbf` or `iat` in the future
};

/// The enumerator's name.
std::string_view to_string(VerifyError error);

/// A value, or the reason there is none; never thrown.
template <class T> class [[nodiscard]] Result {
public:
    Result(T value) : value_(std::move(value)) {}
    Result(VerifyError error) : value_(error) {}

    explicit operator bool() const noexcept { return value_.index() == 0; }
    const T& operator*() const& { return std::get<0>(value_); }
    T&& operator*() && { return std::get<0>(std::move(value_)); }
    const T* operator->() const { return &std::get<0>(value_); }
    /// Throws std::bad_variant_access if there is a value.
    VerifyError error() const { return std::get<1>(value_); }

private:
    std::variant<T, VerifyError> value_;
};

} // namespace gravity::auth
