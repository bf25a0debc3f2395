#include "nearness.hpp"

#include <cmath>
#include <limits>

namespace gravity::registry {
namespace {

std::string node_meant(const Model& model, const NearWish& wish) {
    if (wish.node == near_agent) return wish.own;
    if (wish.node != near_client) return wish.node;
    if (!wish.client) return {};
    const dns::Address client = dns::unmapped(*wish.client);
    for (const auto& [name, node] : model.table<Node>())
        if (dns::parse_address(node->address) == client) return name;
    return {};
}

} // namespace

double distance(const Coordinate& a, const Coordinate& b) {
    if (a.vec.size() != b.vec.size()) return std::numeric_limits<double>::infinity();
    double sum = 0;
    for (std::size_t i = 0; i < a.vec.size(); ++i) sum += (a.vec[i] - b.vec[i]) * (a.vec[i] - b.vec[i]);
    const double plain = std::sqrt(sum) + a.height + b.height, adjusted = plain + a.adjustment + b.adjustment;
    return adjusted > 0 ? adjusted : plain;
}

Nearness::Nearness(const Model& model, const NearWish& wish) : model_(model), node_(node_meant(model, wish)) {
    if (!node_.empty()) from_ = model.find<Coordinate>(node_);
}

double Nearness::to(std::string_view node) const {
    const Coordinate* there = model_.find<Coordinate>(node);
    return there == nullptr ? std::numeric_limits<double>::infinity() : distance(*from_, *there);
}

} // namespace gravity::registry
