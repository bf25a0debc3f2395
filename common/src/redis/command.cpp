#include <gravity/redis/command.hpp>

#include <array>
#include <charconv>
#include <cmath>

namespace gravity::redis {

Command& Command::add(double number) {
    if (std::isinf(number)) return add(std::string_view(number > 0 ? "inf" : "-inf"));
    std::array<char, 64> buffer; // the shortest form of a double has at most 24 characters
    auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
    return add(std::string_view(buffer.data(), static_cast<std::size_t>(result.ptr - buffer.data())));
}

} // namespace gravity::redis
