#pragma once

#include "items.hpp"

/// What the audit log says of values: pure.
namespace gravity::config {

/// A document as it is written down: one that is long by the SHA-256 of its JSON and its bytes.
Json brief(const Json& document);
/// A value among the items: a secret by its fingerprint.
Json brief_item(const Json& value);

/// What differs between two states of items: {"changes": [{key, before, after}, ...]}, the first 50 in the order of the keys, and how many `more` there are.
Json changed_items(const Items& before, const Items& after);

/// The same of the members of two objects.
Json changed_fields(const Json& before, const Json& after);

} // namespace gravity::config
