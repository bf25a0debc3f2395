#include <gravity/auth/jws.hpp>
#include <gravity/base/encoding.hpp>

namespace gravity::auth {

Result<Jws> parse_jws(std::string_view token) {
    if (token.size() > max_token_bytes) return VerifyError::too_large;
    const auto first = token.find('.');
    const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
        return VerifyError::malformed;

    const auto header = base64url_decode(token.substr(0, first));
    auto signature = base64url_decode(token.substr(second + 1));
    if (!header || !signature) return VerifyError::malformed;
    auto json = Json::parse(*header, {.max_depth = 8, .max_values = 256});
    if (!json || !json->is_object()) return VerifyError::malformed;
    if (json->find("crit")) return VerifyError::unsupported;
    return Jws{*std::move(json), token.substr(0, second), token.substr(first + 1, second - first - 1),
               *std::move(signature)};
}

} // namespace gravity::auth
