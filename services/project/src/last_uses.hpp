#pragma once

#include "api_keys_model.hpp"

#include <gravity/app/service.hpp>
#include <gravity/async/task.hpp>

#include <map>

namespace gravity::project {

/// When keys were last used: kept in memory and written every few seconds, of each key at most once a minute, so that nobody's verification waits for it. What
/// has not been written when the process is killed is lost. I/O thread only; the database outlives it.
class LastUses {
public:
    static constexpr std::size_t most = 100'000; // keys between two writes; of more nothing is noted

    explicit LastUses(pg::Database& database) : database_(database) {}

    /// `home`: among whose rows the key is.
    void note(const ProjectId& home, const ApiKeyId& key, Timestamp at);
    /// Writes what has been noted since the last time. Where the store is away it is noted again.
    Task<void> write();
    /// For the life of the process.
    Task<void> run();

private:
    using Uses = std::map<ApiKeyId, Timestamp>;
    pg::Database& database_;
    std::map<ProjectId, Uses> noted_;
    std::size_t count_ = 0;
};

} // namespace gravity::project
