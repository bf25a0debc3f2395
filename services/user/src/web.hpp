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

/// The same where what is answered has been made: 201, unless it was refused.
struct WebCreated {
    Web web;
};

/// The same where nothing is left to answer: 204, unless it was refused.
struct WebEmpty {
    Web web;
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

template <>
struct gravity::http::Result<gravity::user::WebCreated> {
    static void write(Output& out, user::WebCreated&& made) { Result<user::Web>::write(out, std::move(made.web)); }
    static void describe(Route& route) { route.answer = {201, "Created", "*/*"}; }
};

template <>
struct gravity::http::Result<gravity::user::WebEmpty> {
    static void write(Output& out, user::WebEmpty&& empty) { Result<user::Web>::write(out, std::move(empty.web)); }
    static void describe(Route& route) { route.answer = {204, "No Content"}; }
};
