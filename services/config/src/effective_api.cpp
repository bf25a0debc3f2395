#include "effective_api.hpp"

#include "known_settings.hpp"
#include "references.hpp"

#include <gravity/async/coroutine.hpp>

#include <algorithm>

namespace gravity::config::effective {
namespace {

/// What is kept of the time that the caller has, to answer in: a gateway may wait for less than was asked to be waited.
constexpr std::chrono::seconds time_to_answer{1};

Effective effective_of(const Watched& watched, const KnownSettings& settings, const std::optional<std::string>& instance) {
    Effective effective;
    effective.applications = watched.applications;
    effective.profiles = watched.profiles;
    effective.label = watched.label;
    InForce in_force = settings.view().for_instance(instance);
    effective.version = in_force.version;
    std::vector<const Items*> layers;
    for (const Items& layer : in_force.layers) layers.push_back(&layer);
    const Layered layered = overlay(layers);
    const Items resolved = resolve(values_of(layered), others_of(in_force)).items;
    for (const auto& [key, value] : layered) {
        EffectiveValue item{key, resolved.at(key), std::nullopt, value.layer, std::nullopt};
        if (item.value != value.value) item.raw = value.value;
        const auto& fingerprints = in_force.fingerprints[static_cast<std::size_t>(value.layer)];
        if (const auto found = fingerprints.find(key); found != fingerprints.end()) item.fingerprint = found->second;
        effective.items.push_back(std::move(item));
    }
    effective.origins = std::move(in_force.origins);
    return effective;
}

} // namespace

Task<MaybeStale<Effective>> get(Ctx& ctx, Caller caller, Params<AwaitEffective> query, Given<Settings> settings, Given<Watching> watching, Given<Vault> vault,
                                Given<Attendance> attendance, Given<Memory> memory) {
    const Selection selection = selection_of_query(*query);
    const LabelName label = query->label.value_or(settings->default_label);
    const Watched watched{caller.project, selection.applications, selection.profiles, label, sees_secrets(caller, selection)};
    std::optional<Presence> who;
    if (query->instance) who = Presence{caller.project, label, *query->instance, selection.applications, selection.profiles};
    const std::optional<std::string> instance = query->instance ? std::optional(query->instance->str()) : std::nullopt;
    if (query->wait_version && who) {
        const auto had = co_await watching->at_if_known(watched, query->wait_version->value(), instance);
        if (had) attendance->note(*who, {had->version, InstanceStatus::applied, {}, had->releases});
    }
    if (query->wait_version && query->wait > 0) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(query->wait.value());
        co_await watching->until_other(watched, query->wait_version->value(), instance, std::min(end, ctx.deadline() - time_to_answer));
    }
    const RecalledSettings recalled = co_await recall_settings(*memory, watched, settings->default_label, *vault);
    Effective effective = effective_of(watched, *recalled.settings, instance);
    if (who) attendance->note(*who, {effective.version, InstanceStatus::told, {}, releases_of(effective.origins)});
    co_return MaybeStale<Effective>{std::move(effective), recalled.stale};
}

} // namespace gravity::config::effective
