#pragma once

#include "config.hpp"
#include "failures_model.hpp"

#include <gravity/http/ctx.hpp>

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

/// Keeps why somebody was refused. Nobody waits for it: what failed is noted in memory, and stored a moment later, so that who is refused learns nothing of it
/// by how long that took, and a flood of failures writes no more than it may.
namespace gravity::issuer {

/// "0af7651916cd43dd8448eb211c80319c": what who was refused is shown.
std::string trace_of(const Ctx& ctx);

/// I/O thread only. The database outlives it.
class Failures {
public:
    Failures(pg::Database& database, const Settings& settings);

    /// Of this request, in this project; of none that is known: in that of the operator, if there is one. Left out, and counted as such, once a project has had
    /// a hundred in a minute, or a thousand wait to be stored.
    void note(const Ctx& ctx, std::optional<ProjectId> project, FailedCheck check);

    /// Stores what was noted, as long as the process runs.
    Task<void> run();

private:
    struct Share { // of a project
        Timestamp until;
        int left = 0;
    };
    bool within_share(ProjectId project);
    Task<void> store(ProjectId project, std::vector<StoredFailure> failures);

    pg::Database& database_;
    std::optional<ProjectId> operator_;
    std::unordered_map<ProjectId, std::vector<StoredFailure>> waiting_;
    std::size_t count_ = 0; // that wait
    std::unordered_map<ProjectId, Share> shares_;
};

} // namespace gravity::issuer
