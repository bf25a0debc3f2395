#pragma once

#include <gravity/base/type.hpp>
#include <gravity/json/json.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace gravity::registry {

/// The expression is no filter of these items: its syntax, an unknown selector, an operator the field does not have. The text says which.
struct FilterError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A filter expression of Consul's API (go-bexpr): `Service.Meta.v == "2" and not ("canary" in Service.Tags)`. Checked against the type of the
/// items when it is read, so that a misspelt selector is refused and not taken for a list without matches. Cheap to copy. Pure.
class Filter {
public:
    static constexpr std::size_t max_bytes = 10'000;
    static constexpr int max_depth = 64; // parentheses and `not`

    /// Lets everything through.
    Filter() = default;
    /// Throws FilterError. An empty text lets everything through.
    static Filter parse(std::string_view text, const meta::Type& item);

    bool is_empty() const { return root_ == nullptr; }
    /// `item` as it is written in the answer.
    bool matches(const Json& item) const;

    struct Expression;

private:
    std::shared_ptr<const Expression> root_;
};

} // namespace gravity::registry
