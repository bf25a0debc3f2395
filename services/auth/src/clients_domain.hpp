#pragma once

#include "clients_model.hpp"

#include <gravity/base/caller.hpp>

/// Rules of clients: pure. A refusal is thrown.
namespace gravity::issuer {

/// Nobody makes a client that may more than they: what `before` has already stays as it was granted.
void check_scopes(const Caller& maker, const std::vector<ScopeName>& wanted, const std::vector<ScopeName>& before = {});

} // namespace gravity::issuer
