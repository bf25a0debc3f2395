#pragma once

#include "reads.hpp"
#include "store.hpp"
#include "view.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// How commands become one transaction of a store that several daemons write. Pure.
///
/// Beside the rows (layout.hpp) the key space holds what the daemons settle among themselves; those keys begin with a dot:
///
///     .guard/<prefix of a kind>  written with every change to a row of the kind     .guard/holders  with every lock taken or given back
///     .writer/<daemon>           which of its transactions was the last             .member/<daemon>  it is alive (lease)
///     .leader                    who ends what has timed out (lease)                .renewed          whose owners have come
///     .index                     written with every change: its revision is the index that a daemon must reach to know of them all
///     .large, .piece/            steps that are larger than a transaction (large_step.hpp)
namespace gravity::registry::shared {

inline constexpr std::string_view own_mark = ".", holders_guard = ".guard/holders", renewed_key = ".renewed", leader_key = ".leader",
                                  index_key = ".index";
inline constexpr std::string_view member_prefix = ".member/", writer_prefix = ".writer/", guard_prefix = ".guard/";

/// What must be so for the transaction to take place: the key's last change (0: there is no such key); with an end, that of none of the keys from
/// `key` to before `end` may be later.
struct Compare {
    std::string key;
    std::int64_t revision = 0;
    std::string end{};
    friend bool operator==(const Compare&, const Compare&) = default;
};

struct Transaction {
    std::vector<Compare> compares;
    std::map<std::string, std::optional<std::string>> writes; // the last of each key; nothing: removed
};

/// Last changes to the keys that begin with a dot.
using Guards = std::map<std::string, std::int64_t, std::less<>>;

/// Of one transaction.
struct Limits {
    std::size_t operations = 128;
    std::size_t bytes = 1'200'000;
};

/// The first key after all that begin with `prefix`.
std::string end_of(std::string_view prefix);

/// A transaction in the making.
class Draft {
public:
    Draft(const Model& model, Limits limits) : model_(model), limits_(limits) {}

    /// Takes what a command changed: from `first` on. False, and nothing is taken, if the transaction would get too large.
    bool add(const std::vector<Change>& changes, std::size_t first);
    /// An owner has come (see `renewals_of`).
    void renew(std::string name) { renewals_.insert(std::move(name)); }
    bool writes_nothing() const { return writes_.empty() && renewals_.empty(); }
    /// `followed`: up to which revision the model, and `guards`, are known.
    Transaction finish(const Reads& reads, const Guards& guards, std::int64_t followed) &&;

private:
    static constexpr std::size_t own_writes = 3;    // index, writer, renewals
    static constexpr std::size_t own_compares = 5;  // writer, leader, member, renewals, large step

    const Model& model_;
    Limits limits_;
    std::map<std::string, std::optional<std::string>> writes_;
    std::set<std::string> touched_guards_;
    std::set<std::string> renewals_;
    std::size_t bytes_ = 0;
};

/// What these changes write, with the guards: however much that is.
std::map<std::string, std::optional<std::string>> writes_of(const std::vector<Change>& changes, const Model& model);

std::string renewals_text(const std::set<std::string>& names);
/// What `.renewed` holds: names, as they were given to `renew`.
std::vector<std::string> renewals_of(std::string_view value);

/// Whose a key is, of those who share a work by its keys: each key has one owner, and when an owner goes only its keys move.
/// Empty if there is nobody. (Rendezvous hashing: the highest weight wins.)
std::string owner_of(std::string_view key, const std::set<std::string>& members);

} // namespace gravity::registry::shared
