#include <gravity/base/number.hpp>

#include <cmath>
#include <stdexcept>
#include <string>

namespace gravity {

void detail::throw_out_of_range(std::int64_t low, std::int64_t high) {
    throw std::invalid_argument("must be from " + std::to_string(low) + " to " + std::to_string(high));
}

Percent Percent::of(double percent) {
    if (!(percent >= 0.0 && percent <= 100.0)) detail::throw_out_of_range(0, 100);
    return from_basis_points(std::llround(percent * 100.0));
}

} // namespace gravity
