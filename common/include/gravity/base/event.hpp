#pragma once

#include <string_view>

namespace gravity {

/// Names the CloudEvents `type` of a described event struct: `static constexpr Event event{"gravity.order.order.placed"};`.
struct Event {
    std::string_view type;
};

} // namespace gravity
