#pragma once

#include <gravity/auth/claims.hpp>
#include <gravity/auth/keys.hpp>
#include <gravity/auth/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gravity::auth {

struct VerifierOptions {
    std::string issuer;                 // exactly `iss`
    std::vector<std::string> audiences; // one of them must be in `aud`
    bool allow_rs256 = false;           // for providers that sign with nothing else
    std::vector<std::string> types{
        "at+jwt", "jwt"}; // accepted `typ`, lower case, without "application/"; "" accepts a token without one
    std::int64_t skew_seconds = 30; // between the issuer's clock and ours, either way
    ClaimPlaces places;
    std::size_t cached_tokens = 4096; // verified ones that are remembered, at most 5 minutes and never past `exp`
};

/// Checks bearer tokens against the keys of one issuer, by the rules of RFC 8725: the algorithm is the key's, `kid` and
/// `typ` are required, `crit` is refused, keys named by the token itself (`jwk`, `jku`, `x5c`, `x5u`) are not looked
/// at. Any thread.
///
/// A verified token is remembered, since checking a signature costs some hundred times what looking it up does; the
/// whole token is compared. Refused ones are remembered until the next second, so that repeating one does not buy a
/// check each time; they have room of their own and cannot drive out good ones.
class Verifier {
public:
    /// Throws std::invalid_argument without an issuer or an audience: a token for another service must never be
    /// accepted.
    explicit Verifier(VerifierOptions options);
    ~Verifier();
    Verifier(const Verifier&) = delete;
    Verifier& operator=(const Verifier&) = delete;

    /// `now` in Unix seconds. Whatever the token holds, nothing is thrown but std::bad_alloc.
    Result<std::shared_ptr<const Claims>> verify(std::string_view token, std::int64_t now);

    /// Replaces the keys at once. What was verified with another set is forgotten; the same keys again change nothing.
    /// Null or an empty set: every token is refused with `no_keys`.
    void set_keys(std::shared_ptr<const KeySet> keys);
    std::shared_ptr<const KeySet> keys() const;
    const VerifierOptions& options() const;

    struct Counts {
        std::uint64_t cache_hits = 0; // of good and of refused tokens
        std::uint64_t checked = 0;    // signatures checked
    };
    Counts counts() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace gravity::auth
