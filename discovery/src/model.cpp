#include "model.hpp"

#include <algorithm>

namespace gravity::registry {
namespace {

const std::set<std::string> no_keys;

template <class Sets>
const std::set<std::string>& set_at(const Sets& sets, std::string_view name) {
    const auto found = sets.find(name);
    return found == sets.end() ? no_keys : found->second;
}

template <class Sets>
void take_out(Sets& sets, std::string_view name, const std::string& key) {
    const auto found = sets.find(name);
    if (found == sets.end()) return;
    found->second.erase(key);
    if (found->second.empty()) sets.erase(found);
}

template <class R>
auto first_with_prefix(const Table<R>& table, std::string_view prefix) {
    return table.lower_bound(prefix);
}

} // namespace

const std::set<std::string>& Model::instances_of(std::string_view service) const { return set_at(by_name_, service); }

const std::set<std::string>& Model::checks_of(std::string_view node, std::string_view service_id) const {
    return set_at(checks_by_service_, key_of(node, service_id));
}

const std::set<std::string>& Model::sessions_of_check(std::string_view node, std::string_view check_id) const {
    return set_at(sessions_by_check_, key_of(node, check_id));
}

const std::set<std::string>& Model::sessions_of_node(std::string_view node) const { return set_at(sessions_by_node_, node); }

const std::set<std::string>& Model::keys_of_session(std::string_view id) const { return set_at(keys_by_session_, id); }

const AclToken* Model::token_by_hash(std::string_view secret_hash) const {
    const auto found = tokens_by_hash_.find(secret_hash);
    return found == tokens_by_hash_.end() ? nullptr : find<AclToken>(found->second);
}

std::int64_t Model::index_of(std::string_view watched) const {
    if (watched.starts_with(watch::kv_mark)) return kv_index(watched.substr(watch::kv_mark.size()));
    const auto found = indexes_.find(watched);
    return found == indexes_.end() ? floor_ : found->second;
}

std::int64_t Model::kv_index(std::string_view prefix) const {
    std::int64_t newest = floor_;
    const auto look = [&](const auto& table) {
        for (auto row = first_with_prefix(table, prefix); row != table.end() && row->first.starts_with(prefix); ++row)
            newest = std::max(newest, row->second->modify_index);
    };
    look(table<KvEntry>());
    look(table<Tombstone>());
    return newest;
}

template <class R>
void Model::put(ChangeOf<R>&& change, std::set<std::string>& touched) {
    static_assert(std::is_same_v<R, AclPolicy> || std::is_same_v<R, AclRole> || std::is_same_v<R, AclMark>);
    touch(watch::acl, change.index, touched);
    replace(change);
}

void Model::apply(const std::vector<Change>& changes, std::set<std::string>& touched) {
    for (const Change& change : changes) {
        std::visit(
            [&](auto copy) {
                index_ = std::max(index_, copy.index);
                put(std::move(copy), touched);
            },
            change);
    }
}

void Model::load(Change row) {
    std::set<std::string> ignored;
    std::visit([&](auto& change) { put(std::move(change), ignored); }, row);
}

void Model::finish_loading(std::int64_t index) {
    // What was deleted before the start left no trace but in the tombstones: no index may be below one that was told to a client, so all begin
    // at the last one. It costs each client one answer that is not news.
    index_ = floor_ = std::max<std::int64_t>(index, 1);
    indexes_.clear();
    departed_.clear();
}

void Model::forget_departed(std::int64_t index) {
    for (auto gone = departed_.begin(); gone != departed_.end();) {
        if (gone->second > index) {
            ++gone;
            continue;
        }
        floor_ = std::max(floor_, indexes_[gone->first]);
        indexes_.erase(gone->first);
        gone = departed_.erase(gone);
    }
}

void Model::touch(std::string name, std::int64_t index, std::set<std::string>& touched) {
    departed_.erase(name);
    indexes_[name] = index;
    touched.insert(std::move(name));
}

void Model::touch_services_of(std::string_view node, std::int64_t index, std::set<std::string>& touched) {
    const std::string prefix = key_of(node, "");
    const auto& instances = table<Instance>();
    for (auto row = first_with_prefix(instances, prefix); row != instances.end() && row->first.starts_with(prefix); ++row)
        touch(watch::service(row->second->name), index, touched);
}

template <class R>
Row<R> Model::replace(ChangeOf<R>& change) {
    auto& rows = std::get<Table<R>>(tables_);
    Row<R> before;
    if (const auto found = rows.find(change.key); found != rows.end()) before = found->second;
    if (change.after)
        rows[change.key] = change.after;
    else
        rows.erase(change.key);
    return before;
}

void Model::put(ChangeOf<Node>&& change, std::set<std::string>& touched) {
    replace(change);
    touch(watch::nodes, change.index, touched);
    touch(watch::node(change.key), change.index, touched);
    touch_services_of(change.key, change.index, touched);
    if (!change.after) departed_[watch::node(change.key)] = change.index;
}

void Model::put(ChangeOf<Instance>&& change, std::set<std::string>& touched) {
    const Row<Instance> before = replace(change);
    touch(watch::services, change.index, touched);
    touch(watch::node(std::string_view(change.key).substr(0, change.key.find('\0'))), change.index, touched);
    if (change.after) {
        by_name_[change.after->name].insert(change.key);
        touch(watch::service(change.after->name), change.index, touched);
    }
    if (before && (!change.after || change.after->name != before->name)) {
        touch(watch::service(before->name), change.index, touched);
        auto& keys = by_name_[before->name];
        keys.erase(change.key);
        if (keys.empty()) {
            by_name_.erase(before->name);
            departed_[watch::service(before->name)] = change.index;
        }
    }
}

void Model::put(ChangeOf<Check>&& change, std::set<std::string>& touched) {
    const Row<Check> before = replace(change);
    touch(watch::checks, change.index, touched);
    touch(watch::node(std::string_view(change.key).substr(0, change.key.find('\0'))), change.index, touched);
    const auto concern = [&](const Check& check) {
        if (check.service_id.empty())
            touch_services_of(check.node, change.index, touched);
        else if (!instances_of(check.service_name).empty())
            touch(watch::service(check.service_name), change.index, touched);
    };
    if (before) {
        concern(*before);
        take_out(checks_by_service_, key_of(before->node, before->service_id), change.key);
        aliases_.erase(change.key);
    }
    if (change.after) {
        concern(*change.after);
        checks_by_service_[key_of(change.after->node, change.after->service_id)].insert(change.key);
        if (change.after->definition.alias_of) aliases_.insert(change.key);
    }
}

void Model::put(ChangeOf<KvEntry>&& change, std::set<std::string>& touched) {
    touched.insert(watch::kv(change.key));
    const Row<KvEntry> before = replace(change);
    if (before && before->session) take_out(keys_by_session_, *before->session, change.key);
    if (change.after && change.after->session) keys_by_session_[*change.after->session].insert(change.key);
}

void Model::put(ChangeOf<Tombstone>&& change, std::set<std::string>&) {
    const Row<Tombstone> before = replace(change);
    // A list that held this tombstone must not fall behind it: from now on every list begins there.
    if (before && !change.after) floor_ = std::max(floor_, before->modify_index);
}

void Model::put(ChangeOf<Setting>&& change, std::set<std::string>&) { replace(change); }

void Model::put(ChangeOf<Session>&& change, std::set<std::string>& touched) {
    const Row<Session> before = replace(change);
    touch(watch::sessions, change.index, touched);
    const auto each_check = [](const Session& session, const auto& visit) {
        for (const auto* checks : {&session.node_checks, &session.service_checks})
            for (const std::string& id : *checks) visit(key_of(session.node, id));
    };
    if (before) {
        take_out(sessions_by_node_, before->node, change.key);
        each_check(*before, [&](const std::string& check) { take_out(sessions_by_check_, check, change.key); });
    }
    if (change.after) {
        sessions_by_node_[change.after->node].insert(change.key);
        each_check(*change.after, [&](const std::string& check) { sessions_by_check_[check].insert(change.key); });
    }
}

void Model::put(ChangeOf<LockDelay>&& change, std::set<std::string>&) { replace(change); }

void Model::put(ChangeOf<Event>&& change, std::set<std::string>& touched) {
    touch(watch::events, change.index, touched);
    replace(change);
}

void Model::put(ChangeOf<AclToken>&& change, std::set<std::string>& touched) {
    touch(watch::acl, change.index, touched);
    const Row<AclToken> before = replace(change);
    if (before) {
        const auto known = tokens_by_hash_.find(before->secret_hash);
        if (known != tokens_by_hash_.end() && known->second == change.key) tokens_by_hash_.erase(known);
    }
    if (change.after && !change.after->secret_hash.empty()) tokens_by_hash_[change.after->secret_hash] = change.key;
}

void Model::put(ChangeOf<PreparedQuery>&& change, std::set<std::string>& touched) {
    touch(watch::queries, change.index, touched);
    replace(change);
}

void Model::put(ChangeOf<Coordinate>&& change, std::set<std::string>& touched) {
    touch(watch::coordinates, change.index, touched);
    replace(change);
}

void Model::put(ChangeOf<History>&& change, std::set<std::string>&) { replace(change); }
void Model::put(ChangeOf<Transition>&&, std::set<std::string>&) {} // two hundred for each instance: they stay in the store

} // namespace gravity::registry
