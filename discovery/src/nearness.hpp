#pragma once

#include "api.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace gravity::registry::api {

/// Seconds of a round trip between two, as Consul reckons; without end if their dimensions differ.
double distance(const Coordinate& a, const Coordinate& b);

/// `?near=`: a node, or `_agent`. What is nearer by the coordinates comes first, what has none last, and what is as near as another stays where it was.
/// Without it, or where nothing is known of the node, nothing is moved.
class Nearness {
public:
    Nearness(const Model& model, const Agent& agent, const std::string& near)
        : model_(model), from_(near.empty() ? nullptr : model.find<Coordinate>(near == "_agent" ? agent.node : near)) {}

    /// `node_of`: the name of an item's node.
    template <class T, class NodeOf>
    void order(std::vector<T>& items, NodeOf node_of) const {
        if (from_ == nullptr) return;
        std::stable_sort(items.begin(), items.end(), [&](const T& a, const T& b) { return to(node_of(a)) < to(node_of(b)); });
    }

private:
    double to(std::string_view node) const;
    const Model& model_;
    const Coordinate* from_;
};

} // namespace gravity::registry::api
