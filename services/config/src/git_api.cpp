#include "git_api.hpp"

#include "audit.hpp"
#include "audit_details.hpp"
#include "git_domain.hpp"
#include "git_push.hpp"
#include "git_secrets.hpp"
#include "git_store.hpp"
#include "problems.hpp"

#include <gravity/json/codec.hpp>

#include <algorithm>

namespace gravity::config::git_sources {
namespace {

constexpr int most_git_sources = 100;
constexpr std::size_t most_applications_of_a_source = 100;

/// What may be said of a source: of its credentials who signs in, and by what.
Json told_of(const GitSource& source) {
    Json details = json::to_document<NewGitSource>(source);
    if (source.signs_in_by) details["signs_in_by"] = meta::enum_name(*source.signs_in_by);
    if (source.username) details["username"] = *source.username;
    return details;
}

void record_source(Tx& tx, const Actor& by, std::string_view action, const GitSource& source, Json details) {
    record(tx, by, {.action = action, .target = source.id.to_string(), .details = std::move(details)});
}

void check_applications(const GitSourceEdit& in) {
    if (in.applications.empty() || in.applications.size() > most_applications_of_a_source)
        throw Refusal(problems::invalid).with_faults({{"/applications", "must be 1 to " + std::to_string(most_applications_of_a_source)}});
}

void check_credentials(const GitUrl& url, const GitCredentials& credentials, const std::string& at) {
    std::vector<Refusal::Fault> faults = credential_faults(url, credentials);
    for (Refusal::Fault& fault : faults) fault.pointer = at + fault.pointer;
    if (!faults.empty()) throw Refusal(problems::invalid).with_faults(std::move(faults));
}

/// Soon; who changes several things is not to have it pulled in between.
std::optional<Timestamp> first_pull_at(const Tx& tx, const GitSourceEdit& source) {
    return source.interval_minutes ? std::optional<Timestamp>(tx.now() + Duration::seconds(30)) : std::nullopt;
}

} // namespace

Created<GitSource> create(Tx& tx, Actor by, Body<GitSourceToMake> in, Given<GitPuller> puller, Given<Vault> vault) {
    check_applications(*in);
    const auto& schemes = puller->options().schemes;
    if (std::find(schemes.begin(), schemes.end(), in->url.scheme()) == schemes.end())
        throw Refusal(problems::invalid).with_faults({{"/url", std::string(in->url.scheme()) + " is not a way that may be gone"}});
    const GitCredentials credentials = in->credentials.value_or(GitCredentials());
    check_credentials(in->url, credentials, "/credentials");
    GitSource source;
    static_cast<NewGitSource&>(source) = *in;
    source.id = tx.new_id<GitSourceId>();
    source.version = Version(1);
    source.next_pull_at = first_pull_at(tx, source);
    see_credentials(source, credentials);
    source.created_by = by.subject;
    source.created_at = tx.now();
    auto made = tx.maybe(insert_git_source, source, most_git_sources);
    if (!made) throw Refusal(too_many_git_sources, "There may be " + std::to_string(most_git_sources));
    keep_credentials(tx, *vault, made->id, credentials);
    leave_due_pull(tx, made->id, made->next_pull_at);
    record_source(tx, by, "git_source.created", *made, told_of(*made));
    return *std::move(made);
}

GitSource update(Tx& tx, Actor by, Path<"id", GitSourceId> id, Patch<GitSourceEdit> patch, IfMatch expected) {
    GitSource source = expected.check(tx.one(lock_git_source, *id));
    const Json before = json::to_document<GitSourceEdit>(source);
    const auto interval_before = source.interval_minutes;
    static_cast<GitSourceEdit&>(source) = patch.apply(source);
    check_applications(source);
    const Json after = json::to_document<GitSourceEdit>(source);
    if (before == after) return source;
    GitSourceEdit taken = source;
    taken.interval_minutes = interval_before;
    if (!(json::to_document(taken) == before)) source.commit = std::nullopt; // what the drafts have is not what would be taken now
    source.next_pull_at = first_pull_at(tx, source);
    source.failures = 0;
    leave_due_pull(tx, source.id, source.next_pull_at);
    record_source(tx, by, "git_source.changed", source, changed_fields(before, after));
    return tx.one(save_git_source, source);
}

GitSource put_credentials(Tx& tx, Actor by, Path<"id", GitSourceId> id, Body<GitCredentials> in, IfMatch expected, Given<Vault> vault) {
    GitSource source = expected.check(tx.one(lock_git_source, *id));
    check_credentials(source.url, *in, "");
    see_credentials(source, *in);
    source.next_pull_at = first_pull_at(tx, source); // it may have failed for want of them, and be due in a day
    source.failures = 0;
    keep_credentials(tx, *vault, source.id, *in);
    leave_due_pull(tx, source.id, source.next_pull_at);
    record_source(tx, by, "git_source.credentials_set", source, told_of(source));
    return tx.one(save_git_source, source);
}

Page<GitSource> list(Tx& tx, Params<ListGitSources> query) { return tx.page(list_git_sources, *query); }
GitSource get(Tx& tx, Path<"id", GitSourceId> id) { return tx.one(get_git_source, *id); }

NoContent remove(Tx& tx, Actor by, Path<"id", GitSourceId> id, IfMatch expected) {
    const GitSource source = expected.check(tx.one(lock_git_source, *id));
    tx.exec(delete_git_source, *id);
    record_source(tx, by, "git_source.deleted", source, told_of(source));
    return {};
}

Accepted<GitSource> pull(Tx& tx, Actor by, Path<"id", GitSourceId> id) {
    GitSource source = tx.one(await_git_source, *id);
    const PullGit pull{source.id, by.subject, by.actor, by.address, std::nullopt, std::nullopt};
    tx.enqueue(pull, {.key = key_of_pull(pull), .again = true});
    return source;
}

Web pushed(Tx& tx, Actor by, RawBody body) {
    const auto message = Json::parse(body.bytes);
    if (!message) throw Refusal(problems::malformed, std::string(message.why()));
    if (!message->is_object()) throw Refusal(problems::malformed, "The body must be an object");
    const Push push = read_push(*message);
    Json pulled = Json::array();
    for (const GitSource& source : tx.all(all_git_sources)) {
        const auto place = repository_place(source.url.view());
        if (!place || !push.is_of(*place, source.ref.view())) continue;
        const PullGit pull{source.id, by.subject, by.actor, by.address, true, std::nullopt};
        tx.enqueue(pull, {.key = key_of_pull(pull), .again = true});
        pulled.push_back(source.id.to_string());
    }
    return {"application/json", pulled.dump()};
}

} // namespace gravity::config::git_sources
