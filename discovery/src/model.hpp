#pragma once

#include "acl_records.hpp"
#include "records.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

namespace gravity::registry {

template <class R>
using Row = std::shared_ptr<const R>;
template <class R>
using Table = std::map<std::string, Row<R>, std::less<>>;

/// One row that a command wrote or, with `after` null, removed.
template <class R>
struct ChangeOf {
    std::string key;
    Row<R> after;
    std::int64_t index = 0;
    Row<R> before{}; // of instances and checks: as the command found it; null: it was not there
};
/// The kinds of rows, once: tables, changes and the store's layout follow from it.
template <class... R>
struct RowKinds {
    using Tables = std::tuple<Table<R>...>;
    using Change = std::variant<ChangeOf<R>...>;
};
using Rows = RowKinds<Node, Instance, Check, KvEntry, Tombstone, Setting, Session, LockDelay, Event, PreparedQuery, AclToken, AclPolicy, AclRole, AclMark,
                      History, Transition, Coordinate>;
using Tables = Rows::Tables;
using Change = Rows::Change;

/// Names of what can be watched. A watch on `kv:<prefix>` concerns every key that begins so.
namespace watch {
inline const std::string nodes = "nodes", services = "services", checks = "checks", sessions = "sessions", events = "events", queries = "queries", acl = "acl",
                         coordinates = "coordinates";
inline std::string node(std::string_view name) { return "node:" + std::string(name); }
inline std::string service(std::string_view name) { return "service:" + std::string(name); }
inline std::string kv(std::string_view prefix) { return "kv:" + std::string(prefix); }
inline constexpr std::string_view kv_mark = "kv:";
} // namespace watch

/// Everything that is committed, in memory, with the indexes that blocking queries wait on. No I/O, no clock. One thread.
class Model {
public:
    template <class R>
    const Table<R>& table() const {
        return std::get<Table<R>>(tables_);
    }
    template <class R>
    const R* find(std::string_view key) const {
        const auto found = table<R>().find(key);
        return found == table<R>().end() ? nullptr : found->second.get();
    }

    /// Keys of the instances of a service; empty if there is none.
    const std::set<std::string>& instances_of(std::string_view service) const;
    const std::map<std::string, std::set<std::string>, std::less<>>& services() const { return by_name_; }
    /// Keys of the checks of an instance; with an empty id those of the node itself.
    const std::set<std::string>& checks_of(std::string_view node, std::string_view service_id) const;

    /// Keys of the alias checks.
    const std::set<std::string>& aliases() const { return aliases_; }

    /// Ids of the sessions that end with this check, or with this node; keys that a session holds.
    const std::set<std::string>& sessions_of_check(std::string_view node, std::string_view check_id) const;
    const std::set<std::string>& sessions_of_node(std::string_view node) const;
    const std::set<std::string>& keys_of_session(std::string_view id) const;
    /// Null if no token has a secret with this hash.
    const AclToken* token_by_hash(std::string_view secret_hash) const;

    /// Index of the last change; at least 1, because clients take 0 for "do not wait".
    std::int64_t index() const { return index_; }
    /// Index of the last change to what is watched. Never goes back; a name that nobody knows has that of the start, so that who waits for it is
    /// not woken by others.
    std::int64_t index_of(std::string_view watched) const;

    /// Applies committed changes in order. `touched` gets the names of the watches they concern (for keys "kv:<key>").
    void apply(const std::vector<Change>& changes, std::set<std::string>& touched);

    /// A row read from the store at the start; afterwards `finish_loading` once.
    void load(Change row);
    void finish_loading(std::int64_t index);

    /// Forgets the indexes of services and nodes that went at or before `index`.
    void forget_departed(std::int64_t index);

private:
    void put(ChangeOf<Node>&& change, std::set<std::string>& touched);
    void put(ChangeOf<Instance>&& change, std::set<std::string>& touched);
    void put(ChangeOf<Check>&& change, std::set<std::string>& touched);
    void put(ChangeOf<KvEntry>&& change, std::set<std::string>& touched);
    void put(ChangeOf<Tombstone>&& change, std::set<std::string>& touched);
    void put(ChangeOf<Setting>&& change, std::set<std::string>& touched);
    void put(ChangeOf<Session>&& change, std::set<std::string>& touched);
    void put(ChangeOf<LockDelay>&& change, std::set<std::string>& touched);
    void put(ChangeOf<Event>&& change, std::set<std::string>& touched);
    void put(ChangeOf<PreparedQuery>&& change, std::set<std::string>& touched);
    void put(ChangeOf<History>&& change, std::set<std::string>& touched);
    void put(ChangeOf<Transition>&& change, std::set<std::string>& touched);
    void put(ChangeOf<AclToken>&& change, std::set<std::string>& touched);
    void put(ChangeOf<Coordinate>&& change, std::set<std::string>& touched);
    template <class R>
    void put(ChangeOf<R>&& change, std::set<std::string>& touched); // the other kinds of access rules
    template <class R>
    Row<R> replace(ChangeOf<R>& change); // the row that was there
    void touch(std::string name, std::int64_t index, std::set<std::string>& touched);
    void touch_services_of(std::string_view node, std::int64_t index, std::set<std::string>& touched);
    std::int64_t kv_index(std::string_view prefix) const;

    Tables tables_;
    using KeySets = std::map<std::string, std::set<std::string>, std::less<>>;
    KeySets by_name_;
    KeySets checks_by_service_;  // key_of(node, service id)
    std::set<std::string> aliases_;
    KeySets sessions_by_check_;  // key_of(node, check id)
    KeySets sessions_by_node_;
    KeySets keys_by_session_;
    std::map<std::string, std::string, std::less<>> tokens_by_hash_;
    std::map<std::string, std::int64_t, std::less<>> indexes_;                    // by watch name, but for kv
    std::map<std::string, std::int64_t, std::less<>> departed_;                   // watch name -> index of the last deletion
    std::int64_t index_ = 1;
    std::int64_t floor_ = 1; // index of what has none of its own
};

} // namespace gravity::registry
