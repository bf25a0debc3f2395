#pragma once

#include "config.hpp"
#include "git_fetch.hpp"

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
};
BOOST_DESCRIBE_STRUCT(PullGit, (), (source, subject, actor, address))

/// A thread for git, which takes long, and what it may. Throws std::invalid_argument for what is no scheme or no network.
class GitPuller {
public:
    explicit GitPuller(const Settings& settings);
    const GitOptions& options() const { return options_; }
    /// Throws GitFault.
    Task<GitPulled> pull(GitSource source);

private:
    GitOptions options_;
    BoundedPool pool_;
};

Task<void> pull_git(JobCtx& job, PullGit what);

} // namespace gravity::config

GRAVITY_TABLES(config, PullGit)
