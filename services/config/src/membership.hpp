#pragma once

#include <gravity/base/uuid.hpp>

#include <string_view>

namespace gravity::config {

inline constexpr int all_places = 10'000;

/// The place of an instance in a rollout, 0 to 9,999, the same whoever reckons it (XXH64 of the rollout's id and the name). One whose place is below a share
/// has the release; who has it keeps it while the share grows.
int place_in_rollout(const Uuid& rollout, std::string_view instance);

} // namespace gravity::config
