#pragma once

#include "model.hpp"
#include "store.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

/// How the model lies in the store: one ordered key space, values are JSON.
///
///     n/<node>            s/<node>/<service id>      c/<node>/<check id>
///     k/<key bytes>       kt/<key bytes> (tombstone) d/<key bytes> (lock-delay)
///     x/<session id>      q/<query id>               e/<sequence> (event)
///     h/<node>/<service id> (history)                ht/<node>/<service id>NUL<number> (transition)
///     t/<token accessor>  p/<policy id>              r/<role id>         a/<mark>
///     m/<setting>         i (index of the last command)
///
/// `/` and `%` within a name that is not the last are percent-encoded, so that a key has one reading.
namespace gravity::registry::layout {

inline constexpr std::string_view index_key = "i";

/// The writes of a batch, with the index.
std::vector<Write> writes_of(const std::vector<Change>& changes, std::int64_t index);

/// The row of a pair; nothing for that of the index. Throws StoreError for what this release cannot read.
std::optional<Change> row_of(std::string_view key, std::string_view value);
std::int64_t index_of(std::string_view value);

/// The newest transitions of an owner, newest first. Throws StoreError. Any thread.
std::vector<Transition> transitions(Store& store, std::string_view owner, std::size_t limit);

/// Fills a model from a store. Throws StoreError for a key or value that this release cannot read: starting without it would lose it.
void load(Store& store, Model& model);

} // namespace gravity::registry::layout
