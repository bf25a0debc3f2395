#pragma once

#include "model.hpp"
#include "store.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// How the model lies in the store: one ordered key space, values are JSON.
///
///     n/<node>            s/<node>/<service id>      c/<node>/<check id>
///     k/<key bytes>       kt/<key bytes> (tombstone) d/<key bytes> (lock-delay)
///     x/<session id>      q/<query id>               e/<sequence> (event)
///     h/<node>/<service id> (history)                ht/<node>/<service id>NUL<number> (transition)
///     t/<token accessor>  p/<policy id>              r/<role id>         a/<mark>
///     o/<node> (coordinate)
///     m/<setting>         i (index of the last command)
///
/// `/` and `%` within a name that is not the last are percent-encoded, so that a key has one reading.
namespace gravity::registry::layout {

inline constexpr std::string_view index_key = "i";

/// Where a row of this kind (see reads.hpp) lies. A prefix of keys of rows gives a prefix of keys of the store: whole names, where keys begin with their owner.
std::string stored_key(std::size_t kind, std::string_view key);
/// What all keys of this kind begin with.
std::string_view prefix_of(std::size_t kind);
/// What a change writes. `plain`: the row without its indexes, which the store itself gives.
Write write_of(const Change& change, bool plain = false);

/// The writes of a batch, with the index.
std::vector<Write> writes_of(const std::vector<Change>& changes, std::int64_t index);

/// The row of a pair; nothing for that of the index. Throws StoreError for what this release cannot read.
std::optional<Change> row_of(std::string_view key, std::string_view value);
std::int64_t index_of(std::string_view value);
/// That the row is not there any more.
Change removal_of(std::string_view key, std::int64_t index);

/// The newest transitions of an owner, newest first. Throws StoreError. Any thread.
std::vector<Transition> transitions(RowReader& store, std::string_view owner, std::size_t limit);

/// Fills a model from a store. Throws StoreError for a key or value that this release cannot read: starting without it would lose it.
void load(Store& store, Model& model);

} // namespace gravity::registry::layout
