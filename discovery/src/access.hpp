#pragma once

#include "acl_rules.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace gravity::registry {

inline constexpr std::string_view anonymous_accessor = "00000000-0000-0000-0000-000000000002";

/// What the bearer of a request may do. A value, cheap to copy; the default may do everything: access rules are off.
class Access {
public:
    Access() = default;
    static Access management(std::string accessor);
    /// Of who came with a secret that is none: nothing, and `why` is what he is told where permissions count.
    static Access unknown(std::string why);
    static Access by_rules(std::shared_ptr<const Rules> rules, bool default_allow, std::string accessor);

    bool may(Resource resource, Grant needed, std::string_view name = {}) const;
    /// For every name with the prefix.
    bool may_all(Resource resource, Grant needed, std::string_view prefix = {}) const;
    bool may_everything() const { return rules_ == nullptr; }
    const std::string& accessor() const { return accessor_; }
    bool is_anonymous() const { return accessor_ == anonymous_accessor; }
    const std::string& failure() const { return failure_; }

private:
    bool without_rule(Resource resource) const;
    std::shared_ptr<const Rules> rules_; // null: everything
    bool default_allow_ = true;
    std::string accessor_;
    std::string failure_;
};

} // namespace gravity::registry
