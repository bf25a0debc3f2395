#include "access.hpp"

namespace gravity::registry {

Access Access::management(std::string accessor) {
    Access access;
    access.accessor_ = std::move(accessor);
    return access;
}

Access Access::unknown(std::string why) {
    Access access = by_rules(std::make_shared<const Rules>(), false, "");
    access.failure_ = std::move(why);
    return access;
}

Access Access::by_rules(std::shared_ptr<const Rules> rules, bool default_allow, std::string accessor) {
    Access access;
    access.rules_ = std::move(rules);
    access.default_allow_ = default_allow;
    access.accessor_ = std::move(accessor);
    return access;
}

// The rules themselves, and with them a snapshot, are open to nobody by default.
bool Access::without_rule(Resource resource) const { return default_allow_ && resource != Resource::acl; }

bool Access::may(Resource resource, Grant needed, std::string_view name) const {
    if (!rules_) return true;
    const auto grant = rules_->of(resource).find(name);
    return grant ? *grant >= needed : without_rule(resource);
}

bool Access::may_all(Resource resource, Grant needed, std::string_view prefix) const {
    if (!rules_) return true;
    return rules_->of(resource).covers(prefix, needed).value_or(without_rule(resource));
}

} // namespace gravity::registry
