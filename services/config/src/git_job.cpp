#include "git_job.hpp"

#include "git_store.hpp"
#include "importing.hpp"
#include "imports_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/problem.hpp>

#include <algorithm>

namespace gravity::config {
namespace {

constexpr std::chrono::minutes patience_for_a_turn{10};

GitOptions git_options(const Settings& settings) {
    GitOptions options;
    options.schemes.clear();
    for (const auto part : ascii::split(settings.git_schemes, ',')) {
        const auto scheme = ascii::trim(part);
        if (scheme.empty()) continue;
        if (scheme != "https" && scheme != "http" && scheme != "file")
            throw std::invalid_argument("setting CONFIG_GIT_SCHEMES: " + std::string(scheme) + " is none of https, http and file");
        options.schemes.emplace_back(scheme);
    }
    std::vector<std::string> allowed;
    for (const auto part : ascii::split(settings.git_networks, ','))
        if (const auto text = ascii::trim(part); !text.empty()) allowed.emplace_back(text);
    options.policy = http::AddressPolicy(allowed);
    return options;
}

std::optional<GitSource> find_git_source(Tx& tx, GitSourceId id) { return tx.maybe(get_git_source, id); }

std::string told(const Refusal& refused) {
    std::string text = refused.detail().empty() ? std::string(refused.problem().title) : refused.detail();
    if (!refused.faults().empty()) text = refused.faults().front().pointer + " " + refused.faults().front().detail;
    return text;
}

Actor who_asked(const PullGit& what) {
    Actor by;
    by.subject = what.subject;
    by.actor = what.actor;
    by.address = what.address;
    return by;
}

void take_file(Tx& tx, const Actor& by, const GitSource& source, const GitFile& file, const Vault& vault) {
    ImportFile in;
    in.application = file.name.application;
    in.profile = file.name.profile;
    in.label = source.label;
    in.format = file.name.format;
    in.content = file.content;
    in.mode = *source.mode;
    if (const auto set = tx.maybe(find_set, in)) in.base_number = tx.one(get_head, *set).number;
    import_into_draft(tx, by, in, vault);
}

/// All of it, or nothing.
void take_files(Tx& tx, PullGit what, GitSource source, GitPulled pulled, Vault* vault) {
    const Actor by = who_asked(what);
    tx.one(lock_git_source, source.id);
    for (const GitFile& file : pulled.files) {
        try {
            take_file(tx, by, source, file, *vault);
        } catch (const Refusal& refused) {
            throw GitFault(file.path + ": " + told(refused));
        }
    }
    const int sets = static_cast<int>(pulled.files.size());
    tx.exec(end_pull, {source.id, GitState::pulled, pulled.commit, sets, std::nullopt, tx.now()});
    const Json details = Json::object({{"commit", pulled.commit}, {"sets", sets}});
    record(tx, by, {.action = "git_source.pulled", .target = source.id.to_string(), .details = details});
}

void note_fault(Tx& tx, GitSourceId id, std::string why) { tx.exec(end_pull, {id, GitState::failed, std::nullopt, std::nullopt, std::move(why), tx.now()}); }

} // namespace

GitPuller::GitPuller(const Settings& settings) : options_(git_options(settings)), pool_({.threads = 1, .waiting = 64, .niceness = 10}) {}

Task<GitPulled> GitPuller::pull(GitSource source) {
    const auto deadline = std::chrono::steady_clock::now() + patience_for_a_turn;
    GitPulled pulled = co_await pool_.run(deadline, pull_from_git, std::move(source), options_);
    co_return pulled;
}

Task<void> pull_git(JobCtx& job, PullGit what) {
    const std::optional<GitSource> source = co_await job.transaction(find_git_source, what.source);
    if (!source) co_return; // deleted meanwhile
    std::string fault;
    try {
        GitPulled pulled = co_await job.get<GitPuller>().pull(*source);
        Vault* vault = &job.get<Vault>();
        co_await job.transaction(take_files, what, *source, pulled, vault);
    } catch (const GitFault& found) {
        fault = found.what();
    }
    if (!fault.empty()) co_await job.transaction(note_fault, what.source, fault);
}

} // namespace gravity::config
