#pragma once

#include "usage_model.hpp"

#include <gravity/http/extract.hpp>

/// Reading of usage events: CloudEvents 1.0 by its HTTP binding, structured, in a batch, or in binary mode. Pure.
namespace gravity::project {

inline constexpr std::size_t most_events_at_once = 1'000;

/// Those of a request. One without a time is of `now`. Throws Refusal: 400 that points at the attribute, so that of a batch none is taken; 413 for more than
/// `most_events_at_once`; 415 for what is no event. Extension attributes are not looked at, nor are data that are not JSON.
std::vector<UsageEvent> usage_events_of(const http::Request& request, const RawBody& body, Timestamp now);

} // namespace gravity::project
