#pragma once

#include "users_model.hpp"

#include <string>

/// Somebody as a vCard 4.0 (RFC 6350), for address books: pure.
namespace gravity::user {

std::string vcard_of(const User& user);

} // namespace gravity::user
