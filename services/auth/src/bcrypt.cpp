#include "bcrypt.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/crypto.hpp>

#include <algorithm>
#include <crypt.h>
#include <memory>

namespace gravity::issuer::bcrypt {

bool is_hash(std::string_view text) {
    if (text.size() != 60 || !text.starts_with("$2") || std::string_view("aby").find(text[2]) == std::string_view::npos || text[3] != '$' || text[6] != '$')
        return false;
    const std::string_view cost = text.substr(4, 2);
    if (cost < "04" || cost > "14" || !ascii::is_digit(cost[0]) || !ascii::is_digit(cost[1])) return false;
    const std::string_view rest = text.substr(7);
    return std::all_of(rest.begin(), rest.end(), [](char c) { return ascii::is_alnum(c) || c == '.' || c == '/'; });
}

bool verify(const std::string& hash, const std::string& password) {
    if (password.find('\0') != std::string::npos) return false; // would end there
    const auto data = std::make_unique<crypt_data>();          // 32 KiB
    const char* const made = crypt_r(password.c_str(), hash.c_str(), data.get());
    return made != nullptr && constant_time_equal(made, hash);
}

} // namespace gravity::issuer::bcrypt
