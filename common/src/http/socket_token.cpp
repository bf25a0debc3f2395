#include <gravity/http/socket_token.hpp>
#include <gravity/http/wire.hpp>

#include <string>

namespace gravity::http {

std::string_view token_of_protocols(std::string_view field) {
    std::string_view before, token;
    each_list_member(field, [&](std::string_view member) {
        if (token.empty() && before == bearer_protocol) token = member;
        before = member;
    });
    return token;
}

void take_token_from_protocols(Headers& headers) {
    const std::string offered = headers.joined("Sec-WebSocket-Protocol");
    const std::string_view token = token_of_protocols(offered);
    if (token.empty()) return;
    std::string rest;
    each_list_member(offered, [&](std::string_view member) {
        if (member.data() != token.data()) rest += (rest.empty() ? "" : ", ") + std::string(member);
    });
    headers.set("Sec-WebSocket-Protocol", rest);
    if (!headers.has("Authorization")) headers.add("Authorization", "Bearer " + std::string(token));
}

} // namespace gravity::http
