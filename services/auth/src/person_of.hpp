#pragma once

#include "identities_model.hpp"

#include <gravity/base/caller.hpp>

#include <optional>

namespace gravity::issuer {

/// Whose token it is; of one that is no person's: nobody's.
inline std::optional<IdentityId> person_of(const Caller& caller) {
    const auto id = IdentityId::parse(caller.subject);
    if (!id) return std::nullopt;
    return *id;
}

} // namespace gravity::issuer
