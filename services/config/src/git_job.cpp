#include "git_job.hpp"

#include "git_secrets.hpp"
#include "git_store.hpp"
#include "importing.hpp"
#include "imports_store.hpp"
#include "spring_documents.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/problem.hpp>
#include <gravity/json/codec.hpp>

#include <algorithm>
#include <exception>
#include <map>
#include <utility>

namespace gravity::config {
namespace {

constexpr std::chrono::minutes patience_for_the_thread{1}; // which is free: it is this pull's turn
constexpr int most_pulls_at_once = 100;
constexpr Duration between_pushes = Duration::seconds(10); // or whoever may tell of pushes would have one thread fetch without end
constexpr std::size_t most_sets_of_a_source = 1'000;
constexpr std::size_t most_bytes_of_all_sets = 32 * 1024 * 1024; // as JSON

GitOptions git_options(const Settings& settings) {
    GitOptions options;
    options.schemes.clear();
    for (const auto part : ascii::split(settings.git_schemes, ',')) {
        const auto scheme = ascii::trim(part);
        if (scheme.empty()) continue;
        if (scheme != "https" && scheme != "http" && scheme != "ssh" && scheme != "file")
            throw std::invalid_argument("setting CONFIG_GIT_SCHEMES: " + std::string(scheme) + " is none of https, http, ssh and file");
        options.schemes.emplace_back(scheme);
    }
    std::vector<std::string> allowed;
    for (const auto part : ascii::split(settings.git_networks, ','))
        if (const auto text = ascii::trim(part); !text.empty()) allowed.emplace_back(text);
    options.policy = http::AddressPolicy(allowed);
    return options;
}

/// A source, and its credentials as they are kept.
struct AskedSource {
    GitSource source;
    std::optional<std::string> sealed;
};

/// A source, and what it signs in with.
struct SourceToPull {
    AskedSource asked;
    GitSecret secret;
};

/// How long it has to wait still; nothing where there is nothing to be pulled any more.
std::optional<std::chrono::seconds> pause_before(Tx& tx, const PullGit& what) {
    constexpr std::chrono::seconds none{0};
    const auto source = tx.maybe(get_git_source, what.source);
    if (!source) return std::nullopt;
    if (!what.of_itself.value_or(false)) return none;
    std::optional<Timestamp> at = source->next_pull_at;
    if (!what.when_due.value_or(false))
        at = source->pulled_at ? std::optional<Timestamp>(*source->pulled_at + between_pushes) : tx.now();
    if (!at) return std::nullopt;
    return *at > tx.now() ? std::chrono::seconds((*at - tx.now()).count_seconds() + 1) : none;
}

/// Nothing where it is deleted meanwhile.
std::optional<SourceToPull> source_to_pull(Tx& tx, GitSourceId id, const Vault* vault) {
    const auto source = tx.maybe(get_git_source, id);
    if (!source) return std::nullopt;
    return SourceToPull{{*source, tx.maybe(get_git_credentials, id)}, open_credentials(tx, *vault, *source)};
}

double luck() {
    std::uint32_t number = 0;
    fill_random(&number, sizeof number);
    return static_cast<double>(number) / 4'294'967'296.0;
}

/// When a source is pulled of itself again, after so many failures.
std::optional<Timestamp> next_pull(const Tx& tx, const GitSource& source, int failures) {
    if (!source.interval_minutes) return std::nullopt;
    return tx.now() + pause_before_pull(*source.interval_minutes, failures, luck());
}

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

/// What a commit has for one config set: of a file of its own, on top of documents that another file has for its profile.
struct SetToTake {
    std::string path;
    Items below;
    Items own;
};
using SetsToTake = std::map<std::pair<ConfigName, ConfigName>, SetToTake>; // by application and profile

std::map<ConfigName, Items> settings_of_file(const GitFile& file) {
    if (file.name.format == SettingsFormat::yaml) return read_spring_yaml(file.content, file.name.profile);
    return {{file.name.profile, read_settings(file.name.format, file.content)}};
}

SetsToTake sets_of_files(const std::vector<GitFile>& files) {
    SetsToTake sets;
    std::size_t bytes = 0;
    for (const GitFile& file : files) {
        try {
            for (auto& [profile, items] : settings_of_file(file)) {
                bytes += to_json(items).dump().size();
                if (bytes > most_bytes_of_all_sets) throw GitFault("there is more than there may be");
                SetToTake& set = sets[{file.name.application, profile}];
                set.path = file.path;
                if (profile == file.name.profile)
                    set.own = std::move(items);
                else
                    apply_patch(set.below, to_tree(items));
            }
            if (sets.size() > most_sets_of_a_source) throw GitFault("there is more than there may be");
        } catch (const Refusal& refused) {
            throw GitFault(file.path + ": " + told(refused));
        }
    }
    return sets;
}

void take_set(Tx& tx, const Actor& by, const GitSource& source, const ConfigName& application, const ConfigName& profile, const SetToTake& set,
              const Vault& vault) {
    ImportFile in;
    in.application = application;
    in.profile = profile;
    in.label = source.label;
    in.format = SettingsFormat::json;
    in.mode = *source.mode;
    Items items = set.below;
    apply_patch(items, to_tree(set.own));
    in.content = to_json(items).dump();
    if (const auto known = tx.maybe(find_set, in)) in.base_number = tx.one(get_head, *known).number;
    import_into_draft(tx, by, in, vault);
}

/// Whether what was fetched is what is wanted still: the source is as it was, and no other pull of it was quicker.
bool is_wanted(const GitSource& fetched, const GitSource& now) {
    return fetched.commit == now.commit && json::to_document<GitSourceEdit>(fetched) == json::to_document<GitSourceEdit>(now);
}

/// Once this run is at its end.
void fetch_once_more(Tx& tx, const PullGit& what) { tx.enqueue(what, {.key = key_of_pull(what), .again = true}); }

/// Ends a turn with its scope.
struct TurnTaken {
    explicit TurnTaken(GitTurns& all) : turns(all) {}
    ~TurnTaken() { turns.end(); }
    TurnTaken(const TurnTaken&) = delete;
    TurnTaken& operator=(const TurnTaken&) = delete;
    GitTurns& turns;
};

/// All of it, or nothing. What is not wanted any more is fetched once more instead: it may be of another branch, or not signed where it has to be by now.
void take_files(Tx& tx, PullGit what, GitSource fetched, GitPulled pulled, Vault* vault) {
    const Actor by = who_asked(what);
    const auto found = tx.maybe(lock_git_source, what.source);
    if (!found) return; // deleted meanwhile
    const GitSource& source = *found;
    if (!is_wanted(fetched, source)) return fetch_once_more(tx, what);
    PullEnd end{source.id, GitState::pulled, pulled.commit, std::nullopt, std::nullopt, tx.now(), next_pull(tx, source, 0), 0};
    leave_due_pull(tx, source.id, end.next_pull_at);
    if (pulled.files.empty()) {
        tx.exec(end_idle_pull, end);
        return;
    }
    const SetsToTake sets = sets_of_files(pulled.files);
    for (const auto& [place, set] : sets) {
        try {
            take_set(tx, by, source, place.first, place.second, set, *vault);
        } catch (const Refusal& refused) {
            throw GitFault(set.path + ": " + told(refused));
        }
    }
    end.sets = static_cast<int>(sets.size());
    tx.exec(end_pull, end);
    const Json details = Json::object({{"commit", pulled.commit}, {"sets", *end.sets}});
    record(tx, by, {.action = "git_source.pulled", .target = source.id.to_string(), .details = details});
}

/// A fault of what is not wanted any more is none: it may have been mended meanwhile. Of other credentials neither.
void note_fault(Tx& tx, PullGit what, std::optional<AskedSource> asked, std::string why) {
    const auto source = tx.maybe(lock_git_source, what.source);
    if (!source) return; // deleted meanwhile
    if (asked && (!is_wanted(asked->source, *source) || asked->sealed != tx.maybe(get_git_credentials, what.source))) return fetch_once_more(tx, what);
    const int failures = std::min(source->failures + 1, 1'000);
    const std::optional<Timestamp> next = next_pull(tx, *source, failures);
    leave_due_pull(tx, what.source, next);
    tx.exec(end_pull, {what.source, GitState::failed, std::nullopt, std::nullopt, std::move(why), tx.now(), next, failures});
}

} // namespace

std::string key_of_pull(const PullGit& what) {
    const std::string source = what.source.to_string();
    if (!what.of_itself.value_or(false)) return source;
    return source + (what.when_due.value_or(false) ? " when due" : " of itself");
}

void leave_due_pull(Tx& tx, const GitSourceId& source, const std::optional<Timestamp>& at) {
    if (!at) return;
    const PullGit pull{source, service_itself().subject, {}, {}, true, true};
    tx.enqueue(pull, {.key = key_of_pull(pull), .due = *at, .again = true}); // if it runs now it comes back, and waits
}

GitPuller::GitPuller(const Settings& settings) : options_(git_options(settings)), pool_({.threads = 1, .waiting = 1, .niceness = 10}) {}

Task<GitPulled> GitPuller::pull(GitSource source, GitSecret secret, std::optional<std::string> known) {
    const auto deadline = std::chrono::steady_clock::now() + patience_for_the_thread;
    GitPulled pulled = co_await pool_.run(deadline, pull_from_git, std::move(source), std::move(secret), std::move(known), options_);
    co_return pulled;
}

Task<void> pull_git(JobCtx& job, PullGit what) {
    Vault* vault = &job.get<Vault>();
    GitPuller& puller = job.get<GitPuller>();
    const std::optional<std::chrono::seconds> early = co_await job.transaction(pause_before, what);
    if (!early) co_return;
    if (early->count() > 0) throw JobPostponed(*early);
    // Who waits here would hold one of the few places of long jobs, and rollouts are looked at in one.
    const auto pause = puller.turns().ask(job.project(), job.id(), GitTurns::Clock::now());
    if (pause > std::chrono::seconds(0)) throw JobPostponed(pause);
    const TurnTaken turn(puller.turns());
    std::optional<AskedSource> asked;
    std::string fault;
    std::exception_ptr failure; // for good: the source would wait for ever
    try {
        std::optional<SourceToPull> found = co_await job.transaction(source_to_pull, what.source, vault);
        if (!found) co_return;
        std::optional<std::string> known;
        if (what.of_itself.value_or(false)) known = found->asked.source.commit;
        asked = found->asked;
        const GitSource source = asked->source;
        GitPulled pulled = co_await puller.pull(source, std::move(found->secret), std::move(known));
        co_await job.transaction(take_files, what, source, pulled, vault);
    } catch (const GitFault& found) {
        fault = found.what();
    } catch (const JobStopped&) {
        throw;
    } catch (const std::exception&) {
        if (job.attempt() < PullGit::job.max_attempts) throw;
        failure = std::current_exception();
        fault = "it could not be taken, though it was tried several times";
    }
    if (!fault.empty()) co_await job.transaction(note_fault, what, asked, fault);
    if (failure) std::rethrow_exception(failure);
}

void find_pulls(Tx& tx, const FindPulls&, JobRun&) {
    for (const GitSourceId& source : tx.all(due_git_sources, tx.now(), most_pulls_at_once)) leave_due_pull(tx, source, tx.now());
}

} // namespace gravity::config
