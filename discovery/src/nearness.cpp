#include "nearness.hpp"

#include <cmath>
#include <limits>

namespace gravity::registry::api {

double distance(const Coordinate& a, const Coordinate& b) {
    if (a.vec.size() != b.vec.size()) return std::numeric_limits<double>::infinity();
    double sum = 0;
    for (std::size_t i = 0; i < a.vec.size(); ++i) sum += (a.vec[i] - b.vec[i]) * (a.vec[i] - b.vec[i]);
    const double plain = std::sqrt(sum) + a.height + b.height, adjusted = plain + a.adjustment + b.adjustment;
    return adjusted > 0 ? adjusted : plain;
}

double Nearness::to(std::string_view node) const {
    const Coordinate* there = model_.find<Coordinate>(node);
    return there == nullptr ? std::numeric_limits<double>::infinity() : distance(*from_, *there);
}

} // namespace gravity::registry::api
