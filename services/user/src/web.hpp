#pragma once

#include <gravity/handlers.hpp>

/// What the endpoints of a standard answer: bytes of its own, with status and headers of their own.
namespace gravity::user {

struct Web {
    std::string content_type;
    std::string body;
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers{};
};

} // namespace gravity::user

template <>
struct gravity::http::Result<gravity::user::Web> {
    static void write(Output& out, user::Web&& web) {
        if (web.body.empty())
            out.empty(web.status);
        else
            out.bytes(web.status, web.content_type, std::move(web.body));
        for (const auto& [name, value] : web.headers) out.header(name, value);
    }
    static void describe(Route& route) { route.answer = {200, "OK", "*/*"}; }
};
