#pragma once

#include "changes.hpp"
#include "reads.hpp"

#include <gravity/auth/claims.hpp>

#include <string>

/// Whether an access token of ours is good still: not revoked, of a client that may have tokens, and for somebody who is signed in.
namespace gravity::issuer {

/// I/O thread only. What it reads with outlives it.
class GoodTokens {
public:
    GoodTokens(const Reads& reads, Changes& changes) : reads_(reads), changes_(changes) {}

    /// Of verified claims. Throws Refusal where the store is away and it is not remembered.
    Task<bool> good(Ctx& ctx, const auth::Claims& claims);

private:
    struct Moments {
        Moment clients, tokens;
        friend bool operator==(const Moments&, const Moments&) = default;
    };
    std::optional<Moments> now();

    const Reads& reads_;
    Changes& changes_;
    Remembered<std::string, bool, Moments> machines_; // by jti; who is signed in is asked for each time
};

} // namespace gravity::issuer
