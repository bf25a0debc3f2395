#include <gravity/auth/token_source.hpp>
#include <gravity/http/message.hpp>
#include <gravity/json/json.hpp>

#include <algorithm>

namespace gravity::auth {

std::optional<IssuedToken> parse_token_answer(std::string_view document) {
    const auto parsed = Json::parse(document);
    if (!parsed) return std::nullopt;
    const Json* const token = parsed->find("access_token");
    const Json* const type = parsed->find("token_type");
    if (token == nullptr || !token->is_string() || token->as_string().empty()) return std::nullopt;
    if (type == nullptr || !type->is_string() || !http::iequals(type->as_string(), "bearer")) return std::nullopt;
    std::int64_t lives = 60;
    if (const Json* const told = parsed->find("expires_in"); told != nullptr && told->kind() == Json::Kind::integer) lives = told->as_integer();
    if (lives <= 0) return std::nullopt;
    return IssuedToken{Secret<>(token->as_string()), std::chrono::seconds(std::min<std::int64_t>(lives, 86'400))};
}

} // namespace gravity::auth
