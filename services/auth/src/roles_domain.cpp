#include "roles_model.hpp"

#include <gravity/meta/errors.hpp>

#include <algorithm>

namespace gravity::issuer {
namespace {

bool letter_or_digit(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

} // namespace

bool RoleName::accept(std::string_view in, std::string& out, std::string& why) {
    const auto within = [](char c) { return letter_or_digit(c) || c == '.' || c == '_' || c == ':' || c == '-'; };
    if (in.empty() || in.size() > 64) {
        why = "must have 1 to 64 characters";
        return false;
    }
    if (!letter_or_digit(in.front()) || !std::all_of(in.begin(), in.end(), within)) {
        why = "must be letters, digits and . _ : - after the first";
        return false;
    }
    out = in;
    return true;
}

void check(const RoleEdit& role, meta::Errors& errors) {
    if (role.scopes.size() > 100) errors.reject("scopes", "must have at most 100 items");
    if (role.parents.size() > 20) errors.reject("parents", "must have at most 20 items");
}

} // namespace gravity::issuer
