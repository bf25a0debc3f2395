#pragma once

#include <gravity/base/uuid.hpp>
#include <gravity/pg/job.hpp>

#include <chrono>
#include <map>

/// Whose turn it is to pull from git.
namespace gravity::config {

/// One pull at a time in a process; of the projects that wait the one that has waited longest, so that nobody's many sources stand before everybody's.
/// Nobody is kept here: who is told to wait asks again, and is forgotten where they do not (another process took it). I/O thread.
class GitTurns {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::seconds soon{2}, later{10}, forgotten_after{6};

    /// Zero: it is theirs until `end`. Else in how long they are to ask again: soon for one pull of a project, later for its others.
    std::chrono::seconds ask(const ProjectId& project, const JobId& job, Clock::time_point now);
    void end() { taken_ = false; }

private:
    struct Waiting {
        JobId job; // that asks soon again
        Clock::time_point since, asked;
    };
    bool is_first(const Waiting& one) const;

    std::map<ProjectId, Waiting> waiting_;
    bool taken_ = false;
};

} // namespace gravity::config
