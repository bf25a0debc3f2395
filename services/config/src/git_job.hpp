#pragma once

#include "config.hpp"
#include "git_fetch.hpp"
#include "git_turns.hpp"

#include <gravity/async/bounded_pool.hpp>
#include <gravity/jobs/job.hpp>

/// What pulls from git.
namespace gravity::config {

/// In the name of who asked for it.
struct PullGit {
    static constexpr JobKind job{"pull-git"};
    GitSourceId source;
    std::string subject;
    std::string actor;
    std::string address;
    std::optional<bool> of_itself; // nobody asked: what has not changed there leaves the drafts alone
    std::optional<bool> when_due;  // it waits for the source's time; else something was pushed
};
BOOST_DESCRIBE_STRUCT(PullGit, (), (source, subject, actor, address, of_itself, when_due))
/// Its job's key: one that is asked for is not taken for one that comes of itself, which may leave the drafts alone.
std::string key_of_pull(const PullGit& what);
/// Leaves the one that comes of itself, in the transaction that says when; of a source there is one such job at most.
void leave_due_pull(Tx& tx, const GitSourceId& source, const std::optional<Timestamp>& at);

/// Leaves pulls of the sources whose time has come: each pull leaves the next, so these are the ones whose job has failed for good, or that are older than
/// these jobs. Left every hour for each project.
struct FindPulls {
    static constexpr JobKind job{"find-git-pulls"};
};
BOOST_DESCRIBE_STRUCT(FindPulls, (), ())

/// A thread for git, which takes long, and what it may. Throws std::invalid_argument for what is no scheme or no network.
class GitPuller {
public:
    explicit GitPuller(const Settings& settings);
    const GitOptions& options() const { return options_; }
    GitTurns& turns() { return turns_; }
    /// Only in a turn of `turns`. Throws GitFault.
    Task<GitPulled> pull(GitSource source, GitSecret secret, std::optional<std::string> known);

private:
    GitOptions options_;
    BoundedPool pool_;
    GitTurns turns_;
};

/// Goes back to wait where another pull is under way here, or where its time has not come.
Task<void> pull_git(JobCtx& job, PullGit what);
void find_pulls(Tx& tx, const FindPulls& what, JobRun& run);

} // namespace gravity::config

GRAVITY_TABLES(config, PullGit, FindPulls)
