#pragma once

#include "model.hpp"
#include "store.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

/// How the model lies in the store: one ordered key space, values are JSON.
///
///     n/<node>            s/<node>/<service id>      c/<node>/<check id>
///     k/<key bytes>       kt/<key bytes> (tombstone) d/<key bytes> (lock-delay)
///     x/<session id>      m/<setting>                i (index of the last command)
///
/// `/` and `%` within a name that is not the last are percent-encoded, so that a key has one reading.
namespace gravity::registry::layout {

inline constexpr std::string_view index_key = "i";

/// The writes of a batch, with the index.
std::vector<Write> writes_of(const std::vector<Change>& changes, std::int64_t index);

/// Fills a model from a store. Throws StoreError for a key or value that this release cannot read: starting without it would lose it.
void load(Store& store, Model& model);

} // namespace gravity::registry::layout
