#include "membership.hpp"

#include <string>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace gravity::config {

int place_in_rollout(const Uuid& rollout, std::string_view instance) {
    const std::string text = rollout.to_string() + ":" + std::string(instance);
    return static_cast<int>(XXH64(text.data(), text.size(), 0) % all_places);
}

} // namespace gravity::config
