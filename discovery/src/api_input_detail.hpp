#pragma once

#include "api_input.hpp"

/// What reading bodies has in common.
namespace gravity::registry::api {

inline std::string text_or(const std::optional<std::string>& text, std::string_view otherwise = {}) {
    return text && !text->empty() ? *text : std::string(otherwise);
}

inline std::int64_t us_or(const std::optional<GoDuration>& duration, std::int64_t otherwise = 0) { return duration ? duration->us() : otherwise; }

inline int bounded(const std::optional<int>& value, int otherwise, int least, int most, const std::string& what) {
    const int number = value.value_or(otherwise);
    if (number < least || number > most)
        throw ApiError(400, "Invalid " + what + ": must be between " + std::to_string(least) + " and " + std::to_string(most));
    return number;
}

/// Which type a check is and what that type needs. Throws ApiError 400.
CheckDefinition definition_from(const AgentCheckIn& in, const std::string& node, Scripts scripts);

} // namespace gravity::registry::api
