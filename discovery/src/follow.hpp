#pragma once

#include "etcd_messages.hpp"
#include "large_step.hpp"
#include "model.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// What a store that several daemons write tells of itself, made into changes of the model. Pure. Keys are without the store's prefix.
namespace gravity::registry::shared {

/// The keys that begin with a dot, as far as they have been followed.
class Ledger {
public:
    /// Throws StoreError for what this release cannot read.
    void note(std::string_view key, const std::optional<std::string>& value, std::int64_t revision);
    void clear();

    const Guards& revisions() const { return revisions_; }
    std::int64_t revision_of(std::string_view key) const; // 0: there is no such key
    /// The daemons that are alive.
    const std::set<std::string>& members() const { return members_; }
    const std::string& leader() const { return leader_; } // empty: none
    /// What is larger than a transaction and under way.
    const std::optional<LargeStep>& large() const { return large_; }

private:
    Guards revisions_;
    std::set<std::string> members_;
    std::string leader_;
    std::optional<LargeStep> large_;
};

/// A row that was written or removed. Its indexes are the store's revisions. Throws StoreError for what this release cannot read.
Change change_of(const etcd::Event& event, const Model& model);

/// What leads from the model to the rows listed, in the order of their indexes; what is gone, went at `revision` at the latest. Throws StoreError.
std::vector<Change> differences(const std::map<std::string, etcd::Pair>& listed, std::int64_t revision, const Model& model);

} // namespace gravity::registry::shared
