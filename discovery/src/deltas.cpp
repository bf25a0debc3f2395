#include "deltas.hpp"

#include "addresses.hpp"

#include <gravity/json/codec.hpp>

#include <algorithm>
#include <functional>

namespace gravity::registry {
namespace {

FollowedInstance shown(const Instance& instance, const Model& model) {
    FollowedInstance out;
    out.node = instance.node;
    out.id = instance.id;
    out.address = address_of(instance, model.find<Node>(instance.node));
    out.port = instance.port;
    out.tags = instance.tags;
    out.meta = instance.meta;
    for (const std::string& owner : {std::string(), instance.id})
        for (const std::string& key : model.checks_of(instance.node, owner)) out.status = std::max(out.status, model.find<Check>(key)->status);
    out.weight = out.status == Status::passing ? instance.weight_passing : out.status == Status::warning ? instance.weight_warning
                                                                                                         : 0;
    return out;
}

// `key`: of the instance, which may have gone.
bool may_see(const Access& access, const std::string& service, std::string_view key) {
    return access.may(Resource::service, Grant::read, service) && access.may(Resource::node, Grant::read, key.substr(0, key.find('\0')));
}

void add_all_on(std::string_view node, const Model& model, std::set<std::string>& keys) {
    const std::string prefix = key_of(node, "");
    const auto& table = model.table<Instance>();
    for (auto row = table.lower_bound(prefix); row != table.end() && row->first.starts_with(prefix); ++row) keys.insert(row->first);
}

} // namespace

Deltas::Deltas(const Model& model, std::size_t remembered) : model_(&model), remembered_(remembered), floor_(model.index()) {
    for (const auto& [key, instance] : model.table<Instance>()) seen_[key] = *look(key);
}

std::optional<Deltas::Seen> Deltas::look(const std::string& key) const {
    const Instance* instance = model_->find<Instance>(key);
    if (instance == nullptr) return std::nullopt;
    const FollowedInstance now = shown(*instance, *model_);
    return Seen{instance->name, std::hash<std::string>{}(json::encode(now)), now.status == Status::passing};
}

std::map<std::string, Deltas::Keys> Deltas::on_changes(const std::vector<Change>& changes) {
    std::set<std::string> keys;
    for (const Change& change : changes) {
        if (const auto* instance = std::get_if<ChangeOf<Instance>>(&change)) keys.insert(instance->key);
        if (const auto* node = std::get_if<ChangeOf<Node>>(&change)) add_all_on(node->key, *model_, keys);
        if (const auto* check = std::get_if<ChangeOf<Check>>(&change)) {
            for (const Row<Check>& row : {check->before, check->after}) {
                if (!row) continue;
                if (row->service_id.empty())
                    add_all_on(row->node, *model_, keys);
                else
                    keys.insert(key_of(row->node, row->service_id));
            }
        }
    }
    std::map<std::string, Keys> news;
    for (const std::string& key : keys) on_instance(key, news);
    remember(model_->index(), news);
    return news;
}

void Deltas::on_instance(const std::string& key, std::map<std::string, Keys>& news) {
    const std::optional<Seen> now = look(key);
    const auto known = seen_.find(key);
    if (known != seen_.end()) {
        const Seen& before = known->second;
        const bool same_service = now && now->service == before.service;
        if (same_service && now->digest == before.digest) return;
        news[before.service][key] = before.passing || (same_service && now->passing);
        if (now && !same_service) news[now->service][key] = now->passing;
    } else if (now) {
        news[now->service][key] = now->passing;
    }
    if (now)
        seen_[key] = *now;
    else if (known != seen_.end())
        seen_.erase(known);
}

void Deltas::remember(std::int64_t index, const std::map<std::string, Keys>& news) {
    for (const auto& [service, keys] : news)
        for (const auto& [key, concerns_passing] : keys) entries_.push_back({index, service, key, concerns_passing});
    while (entries_.size() > remembered_) {
        floor_ = entries_.front().index;
        entries_.pop_front();
    }
}

std::optional<Deltas::Keys> Deltas::since(const std::string& service, std::int64_t index) const {
    if (index > model_->index()) return std::nullopt; // of another store
    if (model_->index_of(watch::service(service)) <= index) return Keys();
    if (index < floor_) return std::nullopt;
    Keys keys;
    for (auto entry = entries_.rbegin(); entry != entries_.rend() && entry->index > index; ++entry)
        if (entry->service == service) keys[entry->key] |= entry->concerns_passing;
    return keys;
}

ServiceList Deltas::list(const std::string& service, bool passing, ListReason reason, const Access& access) const {
    ServiceList out{service, reason, {}};
    for (const std::string& key : model_->instances_of(service)) {
        if (!may_see(access, service, key)) continue;
        FollowedInstance one = shown(*model_->find<Instance>(key), *model_);
        if (!passing || one.status == Status::passing) out.instances.push_back(std::move(one));
    }
    return out;
}

std::optional<ServiceChange> Deltas::change(const std::string& service, bool passing, const Keys& keys, const Access& access) const {
    ServiceChange out{service, {}, {}};
    for (const auto& [key, concerns_passing] : keys) {
        if ((passing && !concerns_passing) || !may_see(access, service, key)) continue;
        const Instance* instance = model_->find<Instance>(key);
        if (instance != nullptr && instance->name == service) {
            FollowedInstance one = shown(*instance, *model_);
            if (!passing || one.status == Status::passing) {
                out.changed.push_back(std::move(one));
                continue;
            }
        }
        const auto split = key.find('\0');
        out.gone.push_back({key.substr(0, split), key.substr(split + 1)});
    }
    if (out.changed.empty() && out.gone.empty()) return std::nullopt;
    return out;
}

} // namespace gravity::registry
