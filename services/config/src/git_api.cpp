#include "git_api.hpp"

#include "audit.hpp"
#include "git_store.hpp"
#include "problems.hpp"

#include <gravity/json/codec.hpp>

#include <algorithm>

namespace gravity::config::git_sources {
namespace {

constexpr int most_git_sources = 100;
constexpr std::size_t most_applications_of_a_source = 100;

void record_source(Tx& tx, const Actor& by, std::string_view action, const GitSource& source) {
    Json details = json::to_document<NewGitSource>(source);
    record(tx, by, {.action = action, .target = source.id.to_string(), .details = std::move(details)});
}

} // namespace

Created<GitSource> create(Tx& tx, Actor by, Body<NewGitSource> in, Given<GitPuller> puller) {
    if (in->applications.empty() || in->applications.size() > most_applications_of_a_source)
        throw Refusal(problems::invalid).with_faults({{"/applications", "must be 1 to " + std::to_string(most_applications_of_a_source)}});
    const auto& schemes = puller->options().schemes;
    if (std::find(schemes.begin(), schemes.end(), in->url.scheme()) == schemes.end())
        throw Refusal(problems::invalid).with_faults({{"/url", std::string(in->url.scheme()) + " is not a way that may be gone"}});
    GitSource source;
    static_cast<NewGitSource&>(source) = *in;
    source.id = tx.new_id<GitSourceId>();
    source.version = Version(1);
    source.created_by = by.subject;
    source.created_at = tx.now();
    auto made = tx.maybe(insert_git_source, source, most_git_sources);
    if (!made) throw Refusal(too_many_git_sources, "There may be " + std::to_string(most_git_sources));
    record_source(tx, by, "git_source.created", *made);
    return *std::move(made);
}

Page<GitSource> list(Tx& tx, Params<ListGitSources> query) { return tx.page(list_git_sources, *query); }
GitSource get(Tx& tx, Path<"id", GitSourceId> id) { return tx.one(get_git_source, *id); }

NoContent remove(Tx& tx, Actor by, Path<"id", GitSourceId> id, IfMatch expected) {
    const GitSource source = expected.check(tx.one(lock_git_source, *id));
    tx.exec(delete_git_source, *id);
    record_source(tx, by, "git_source.deleted", source);
    return {};
}

Accepted<GitSource> pull(Tx& tx, Actor by, Path<"id", GitSourceId> id) {
    GitSource source = tx.one(await_git_source, *id);
    tx.enqueue(PullGit{source.id, by.subject, by.actor, by.address}, {.key = source.id.to_string(), .again = true});
    return source;
}

} // namespace gravity::config::git_sources
