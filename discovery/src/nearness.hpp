#pragma once

#include "dns_message.hpp"
#include "model.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gravity::registry {

/// Seconds of a round trip between two, as Consul reckons; without end if their dimensions differ.
double distance(const Coordinate& a, const Coordinate& b);

inline constexpr std::string_view near_agent = "_agent", near_client = "_ip";

/// `near`, as it is asked for.
struct NearWish {
    std::string node; // or "_agent", this daemon's, or "_ip", the one with the address of who asks; empty: it does not matter
    std::string own;  // this daemon's
    std::optional<dns::Address> client; // who asks, where that is known
};

/// What is nearer by the coordinates comes first, what has none last, and what is as near as another stays where it was. Where nothing is known of the
/// node, nothing is moved.
class Nearness {
public:
    Nearness(const Model& model, const NearWish& wish);

    /// `node_of`: the name of an item's node.
    template <class T, class NodeOf>
    void order(std::vector<T>& items, NodeOf node_of) const {
        if (from_ == nullptr) return;
        std::stable_sort(items.begin(), items.end(), [&](const T& a, const T& b) { return to(node_of(a)) < to(node_of(b)); });
    }
    /// As prepared queries have it: one that is on the node itself is the first, whether or not there are coordinates.
    template <class T, class NodeOf>
    void order_own_first(std::vector<T>& items, NodeOf node_of) const {
        order(items, node_of);
        const auto own = std::find_if(items.begin(), items.end(), [&](const T& one) { return node_of(one) == node_; });
        if (own != items.end()) std::rotate(items.begin(), own, own + 1);
    }

private:
    double to(std::string_view node) const;
    const Model& model_;
    std::string node_; // empty: none
    const Coordinate* from_ = nullptr;
};

} // namespace gravity::registry
