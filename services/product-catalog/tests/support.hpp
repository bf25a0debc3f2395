#pragma once

#include <gravity/base/problem.hpp>

#include <string>

namespace gravity::product_catalog {

/// The slug of the refusal that a call ends in, with the pointers of its faults: "invalid-value /weight/unit"; "none" if it does not.
template <class F>
std::string refusal_of(F&& call) {
    try {
        call();
    } catch (const Refusal& refusal) {
        std::string text(refusal.problem().slug);
        for (const auto& fault : refusal.faults()) text += " " + fault.pointer;
        return text;
    }
    return "none";
}

} // namespace gravity::product_catalog
