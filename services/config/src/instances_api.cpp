#include "instances_api.hpp"

#include "effective.hpp"
#include "problems.hpp"
#include "sets_store.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::config {

namespace instances {
namespace {

void save_one(Tx& tx, const Presence& who, const Mark& mark) { save_marks(tx, {{who, mark}}); }

} // namespace

Page<InstanceOfSet> list(Tx& tx, Path<"id", ConfigSetId> id, Params<ListInstances> query) {
    return tx.page(list_instances, *query, instances_of(tx.one(get_set, *id)));
}

InstanceSummary summarize(Tx& tx, Path<"id", ConfigSetId> id) {
    return tx.one(summarize_instances, instances_of(tx.one(get_set, *id)));
}

Task<NoContent> acknowledge(Ctx& ctx, Caller caller, Body<Acknowledgement> in, Given<Watching> watching, Given<Settings> settings) {
    EffectiveQuery query;
    query.application = in->application;
    query.profiles = in->profiles;
    const Selection selection = selection_of_query(query);
    const LabelName label = in->label.value_or(settings->default_label);
    const Watched watched{caller.project, selection.applications, selection.profiles, label, sees_secrets(caller, selection)};
    const std::optional<std::string> instance = in->instance.str();
    const auto had = co_await watching->at(watched, in->version.value(), instance);
    if (!had) throw Refusal(no_such_version);
    const Presence who{caller.project, label, in->instance, selection.applications, selection.profiles};
    const InstanceStatus status = *in->status == AckStatus::failed ? InstanceStatus::failed : InstanceStatus::applied;
    const Mark mark{had->version, status, in->detail ? in->detail->str() : std::string(), had->releases};
    co_await ctx.transaction(save_one, who, mark);
    co_return NoContent{};
}

} // namespace instances
} // namespace gravity::config
