#include "explain.hpp"

#include "addresses.hpp"
#include "flapping.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace gravity::registry {
namespace {

constexpr std::int64_t remembered_owner_us = 86'400'000'000;
constexpr std::size_t remembered_owners = 1000;

void add_reasons(InstanceExplanation& out, const Model& model, Scope scope) {
    for (const std::string& key : model.checks_of(out.node, scope == Scope::node ? std::string() : out.id)) {
        const Check& check = *model.find<Check>(key);
        if (check.status == Status::passing) continue;
        const bool maintained = is_maintenance(check.id);
        Reason reason{scope, check.id, check.name, check.status, {}, maintained ? check.notes : check.output};
        if (check.critical_since_us != 0) reason.since = Timestamp::from_unix_us(check.critical_since_us);
        out.status = std::max(out.status, maintained ? Rotation::maintenance : static_cast<Rotation>(check.status));
        out.reasons.push_back(std::move(reason));
    }
}

void add_restlessness(InstanceExplanation& out, const Model& model, std::int64_t now_us) {
    for (const std::string& owner : {key_of(out.node, out.id), key_of(out.node, "")}) {
        const History* history = model.find<History>(owner);
        if (history == nullptr) continue;
        out.penalty = std::max(out.penalty, flapping::penalty_at(*history, now_us));
        if (!flapping::is_flapping(*history, now_us)) continue;
        out.flapping = true;
        const Timestamp calm = Timestamp::from_unix_us(flapping::calm_at_us(*history));
        out.calm_at = out.calm_at ? std::max(*out.calm_at, calm) : calm;
    }
}

InstanceExplanation of_instance(const Instance& instance, const Model& model, std::int64_t now_us) {
    InstanceExplanation out;
    out.node = instance.node;
    out.id = instance.id;
    out.address = address_of(instance, model.find<Node>(instance.node));
    out.port = instance.port;
    add_reasons(out, model, Scope::instance);
    add_reasons(out, model, Scope::node);
    out.in_rotation = out.status < Rotation::critical;
    add_restlessness(out, model, now_us);
    return out;
}

InstanceExplanation of_departed(const std::string& owner, const History& history, const Model& model, std::int64_t now_us) {
    InstanceExplanation out;
    const auto split = owner.find('\0');
    out.node = owner.substr(0, split);
    out.id = owner.substr(split + 1);
    out.status = Rotation::gone;
    out.gone_at = Timestamp::from_unix_us(history.gone_at_us);
    add_restlessness(out, model, now_us);
    return out;
}

} // namespace

std::optional<Explanation> explain(const Model& model, const std::string& service, const std::optional<std::string>& instance, std::size_t limit,
                                   std::int64_t now_us, const Access& access) {
    Explanation out;
    out.service = service;
    if (!access.may(Resource::service, Grant::read, service)) return std::nullopt;
    for (const std::string& key : model.instances_of(service)) {
        const Instance& found = *model.find<Instance>(key);
        if (!access.may(Resource::node, Grant::read, found.node)) continue;
        InstanceExplanation one = of_instance(found, model, now_us);
        ++out.instances_total;
        if (one.in_rotation) ++out.in_rotation_total;
        if (one.reasons.empty()) ++out.passing_total;
        if (!instance || one.id == *instance) out.instances.push_back(std::move(one));
    }
    for (const auto& [owner, history] : model.table<History>()) {
        if (history->service != service || history->gone_at_us == 0) continue;
        InstanceExplanation one = of_departed(owner, *history, model, now_us);
        if (!access.may(Resource::node, Grant::read, one.node)) continue;
        if (!instance || one.id == *instance) out.instances.push_back(std::move(one));
    }
    if (out.instances.empty()) return std::nullopt;
    // What is asked about first: critical, in maintenance, warning; of equals the restless ones, of those that went the last.
    const auto rank = [](const InstanceExplanation& one) {
        const bool gone = one.status == Rotation::gone;
        return std::tuple(gone, one.in_rotation, -static_cast<int>(one.status), !one.flapping, one.gone_at ? -one.gone_at->unix_us() : 0);
    };
    std::stable_sort(out.instances.begin(), out.instances.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
    if (out.instances.size() > limit) out.instances.resize(limit);
    return out;
}

void add_transitions(Explanation& explanation, const ReadTransitions& read, std::size_t limit) {
    std::map<std::string, std::vector<Transition>> of_nodes;
    for (InstanceExplanation& one : explanation.instances) {
        const auto add = [&](const std::vector<Transition>& transitions, Scope scope) {
            for (const Transition& from : transitions) {
                TransitionOut out{Timestamp::from_unix_us(from.at_us), scope, from.kind, {}, {}, from.before, from.after, from.what};
                if (from.kind == TransitionKind::check) {
                    out.check_id = from.check_id;
                    out.check_name = from.check_name;
                }
                one.transitions.push_back(std::move(out));
            }
        };
        add(read(key_of(one.node, one.id)), Scope::instance);
        const auto [node, fresh] = of_nodes.try_emplace(one.node);
        if (fresh) node->second = read(key_of(one.node, ""));
        add(node->second, Scope::node);
        std::stable_sort(one.transitions.begin(), one.transitions.end(), [](const TransitionOut& a, const TransitionOut& b) { return a.at > b.at; });
        if (one.transitions.size() > limit) one.transitions.resize(limit);
    }
}

std::vector<std::string> histories_to_forget(const Model& model, std::int64_t now_us) {
    std::vector<std::pair<std::int64_t, std::string>> gone;
    for (const auto& [owner, history] : model.table<History>())
        if (history->gone_at_us != 0) gone.emplace_back(history->gone_at_us, owner);
    std::sort(gone.begin(), gone.end());
    std::vector<std::string> forgotten;
    for (std::size_t i = 0; i < gone.size(); ++i)
        if (gone.size() - i > remembered_owners || now_us - gone[i].first >= remembered_owner_us) forgotten.push_back(std::move(gone[i].second));
    return forgotten;
}

} // namespace gravity::registry
