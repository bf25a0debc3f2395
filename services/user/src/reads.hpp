#pragma once

#include <gravity/http/ctx.hpp>

#include <functional>

namespace gravity::user {

/// Reads for handlers that are coroutines: they wait on the I/O thread, without a transaction around them, each statement for itself (decisions 9 and 28). The
/// database outlives it.
class Reads {
public:
    explicit Reads(pg::Database& database) : database_(database) {}
    /// In the caller's project. Throws Refusal where the store is away, and what `work` throws, which may be run again.
    Task<void> run(const Ctx& ctx, std::function<void(Tx&)> work) const;

private:
    pg::Database& database_;
};

} // namespace gravity::user
