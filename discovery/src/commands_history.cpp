// What every change means for the instances and nodes it concerns, kept with the change itself.
#include "commands_detail.hpp"
#include "flapping.hpp"

#include <algorithm>
#include <map>

namespace gravity::registry::detail {
namespace {

constexpr std::int64_t kept_transitions = 200;
constexpr std::size_t kept_bytes = 1024; // of an output

template <class R>
struct Net { // of a row: what the command found and what it left
    Row<R> before, after;
};
template <class R>
using Nets = std::map<std::string, Net<R>>;

struct Events { // of an owner
    std::vector<Transition> transitions;
    bool came = false, went = false;
};

std::string_view cause_of(const Command& command) {
    if (const auto* deregister = std::get_if<Deregister>(&command)) {
        if (deregister->lease_ended) return "its lease ended: it was not registered again in time";
        return deregister->service_id.empty() ? "its node was deregistered" : "deregistered by a client";
    }
    if (std::holds_alternative<ReapCritical>(command)) return "critical for longer than DeregisterCriticalServiceAfter of its check allows";
    if (std::holds_alternative<Register>(command)) return "another instance was registered at the same address and port";
    if (std::holds_alternative<Configure>(command)) return "it no longer stands in the configuration";
    if (std::holds_alternative<Restore>(command)) return "a snapshot was restored";
    return "deregistered by a transaction";
}

std::string shown(const Check& check) {
    const std::string& text = is_maintenance(check.id) ? check.notes : check.output;
    if (text.size() <= kept_bytes) return text;
    std::size_t cut = kept_bytes;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut; // not within a UTF-8 sequence
    return text.substr(0, cut);
}

void note_check(std::map<std::string, Events>& owners, const Check* before, const Check* after, std::int64_t now_us) {
    const Check& known = after != nullptr ? *after : *before;
    Transition transition;
    transition.at_us = now_us;
    transition.check_id = known.id;
    transition.check_name = known.name;
    if (before != nullptr) transition.before = before->status;
    if (after != nullptr) transition.after = after->status;
    // A check that comes or goes while all is well changes nothing.
    if (transition.before.value_or(Status::passing) == transition.after.value_or(Status::passing)) return;
    if (after != nullptr) transition.what = shown(*after);
    owners[key_of(known.node, known.service_id)].transitions.push_back(std::move(transition));
}

bool same_owner(const Check& a, const Check& b) { return a.node == b.node && a.service_id == b.service_id; }

Status worst_of(const View& view, std::string_view owner) {
    Status worst = Status::passing;
    const auto split = owner.find('\0');
    for (const Row<Check>& check : view.checks_of(owner.substr(0, split), owner.substr(split + 1)))
        if (!is_maintenance(check->id)) worst = std::max(worst, check->status);
    return worst;
}

// The same as the command found it.
Status worst_before(const View& view, const std::string& owner, const Nets<Check>& checks) {
    Status worst = Status::passing;
    const auto take = [&](const Check& check) {
        if (!is_maintenance(check.id)) worst = std::max(worst, check.status);
    };
    const auto split = owner.find('\0');
    for (const Row<Check>& check : view.checks_of(owner.substr(0, split), owner.substr(split + 1)))
        if (!checks.contains(key_of(check->node, check->id))) take(*check);
    for (const auto& [key, net] : checks)
        if (net.before && key_of(net.before->node, net.before->service_id) == owner) take(*net.before);
    return worst;
}

void punish(History& history, std::optional<Status> before, std::optional<Status> now, std::int64_t now_us) {
    history.status = now;
    if (!before || *before == Status::critical) return;
    if (!now || *now == Status::critical)
        flapping::add(history, flapping::points_out, now_us);
    else if (*now > *before)
        flapping::add(history, flapping::points_worse, now_us);
}

void remove_transitions(std::string_view owner, History& history, std::int64_t up_to, View& view) {
    for (; history.first < up_to; ++history.first) view.remove<Transition>(transition_key(owner, history.first));
}

void write_down(const std::string& owner, const std::string& service, const Events& events, const Nets<Check>& checks, View& view, std::int64_t now_us) {
    History history;
    if (const Row<History> known = view.find<History>(owner)) history = *known;
    std::optional<Status> before = history.status;
    if (!before && !events.came) before = worst_before(view, owner, checks); // nothing was written down of it yet
    if (!service.empty()) history.service = service;
    for (Transition transition : events.transitions) view.put(transition_key(owner, history.next++), std::move(transition));
    remove_transitions(owner, history, history.next - kept_transitions, view);
    punish(history, before, events.went ? std::nullopt : std::optional(worst_of(view, owner)), now_us);
    history.gone_at_us = events.went ? now_us : 0;
    view.put(owner, std::move(history));
}

} // namespace

void record_transitions(const Command& command, View& view, std::size_t first, std::int64_t now_us) {
    Nets<Instance> instances;
    Nets<Check> checks;
    Nets<Node> nodes;
    const auto collect = [](auto& nets, const auto& change) {
        auto [net, fresh] = nets.try_emplace(change.key);
        if (fresh) net->second.before = change.before;
        net->second.after = change.after;
    };
    for (std::size_t i = first; i < view.changes().size(); ++i) {
        const Change& change = view.changes()[i];
        if (const auto* instance = std::get_if<ChangeOf<Instance>>(&change)) collect(instances, *instance);
        if (const auto* check = std::get_if<ChangeOf<Check>>(&change)) collect(checks, *check);
        if (const auto* node = std::get_if<ChangeOf<Node>>(&change)) collect(nodes, *node);
    }

    std::map<std::string, Events> owners;
    for (const auto& [key, net] : instances) {
        if ((net.before != nullptr) == (net.after != nullptr)) continue;
        Events& events = owners[key];
        events.came = net.after != nullptr;
        events.went = !events.came;
        Transition transition;
        transition.at_us = now_us;
        transition.kind = events.came ? TransitionKind::registered : TransitionKind::deregistered;
        if (events.went) transition.what = cause_of(command);
        events.transitions.push_back(std::move(transition));
    }
    for (const auto& [key, net] : nodes) {
        const Row<History> known = view.find<History>(key_of(key, ""));
        if (!net.after && known) owners[key_of(key, "")].went = true;
        if (net.after && known && known->gone_at_us != 0) owners[key_of(key, "")].came = true;
    }
    for (const auto& [key, net] : checks) {
        const Check* before = net.before.get();
        const Check* after = net.after.get();
        if (before == nullptr && after == nullptr) continue;
        const bool moved = before != nullptr && after != nullptr && !same_owner(*before, *after);
        const Check& owned = before != nullptr ? *before : *after;
        // What goes with its owner is no event of its own.
        if (const auto owner = owners.find(key_of(owned.node, owned.service_id)); owner != owners.end() && owner->second.went) continue;
        if (moved) note_check(owners, before, nullptr, now_us);
        note_check(owners, moved ? nullptr : before, after, now_us);
    }
    for (const auto& [owner, events] : owners) {
        const auto changed = instances.find(owner);
        std::string service;
        if (changed != instances.end())
            service = (changed->second.after ? changed->second.after : changed->second.before)->name;
        else if (const Row<Instance> instance = view.find<Instance>(owner))
            service = instance->name;
        write_down(owner, service, events, checks, view, now_us);
    }
    // One that keeps its id and takes another name is found under that.
    for (const auto& [key, net] : instances) {
        if (!net.before || !net.after || net.before->name == net.after->name || owners.contains(key)) continue;
        if (const Row<History> known = view.find<History>(key)) {
            History renamed = *known;
            renamed.service = net.after->name;
            view.put(key, std::move(renamed));
        }
    }
}

Reply run(const ForgetHistories& command, View& view, std::int64_t) {
    std::size_t left = command.at_most;
    for (const std::string& owner : command.owners) {
        const Row<History> known = view.find<History>(owner);
        if (!known || known->gone_at_us == 0) continue;
        if (left == 0) break;
        History history = *known;
        const auto kept = static_cast<std::size_t>(history.next - history.first);
        const std::size_t taken = std::min(kept, left - 1);
        remove_transitions(owner, history, history.first + static_cast<std::int64_t>(taken), view);
        left -= taken + 1;
        if (taken == kept)
            view.remove<History>(owner);
        else
            view.put(owner, std::move(history));
    }
    return {};
}

} // namespace gravity::registry::detail
