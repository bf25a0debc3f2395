#pragma once

#include <gravity/http/ctx.hpp>

#include <functional>

namespace gravity::issuer {

/// Reads for handlers that are coroutines: they wait on the I/O thread, without a transaction around them (decisions 9 and 28). The database outlives it.
class Reads {
public:
    explicit Reads(pg::Database& database) : database_(database) {}
    /// Throws Refusal where the store is away.
    Task<void> run(const Ctx& ctx, pg::Scope scope, std::function<void(Tx&)> work) const;

private:
    pg::Database& database_;
};

} // namespace gravity::issuer
