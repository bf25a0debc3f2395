#pragma once

#include <gravity/handlers.hpp>

/// What protocol endpoints and pages answer: bytes of a standard's own, with status and headers of their own.
namespace gravity::issuer {

struct Web {
    std::string content_type;
    std::string body;
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers{};

    Web&& with(std::string name, std::string value) && {
        headers.emplace_back(std::move(name), std::move(value));
        return std::move(*this);
    }
};

/// The same where what is answered has been made: 201, unless it was refused.
struct WebCreated {
    Web web;
};

/// The same where a browser is sent on: 303, unless it was refused.
struct WebSeeOther {
    Web web;
};

} // namespace gravity::issuer

template <>
struct gravity::http::Result<gravity::issuer::Web> {
    static void write(Output& out, issuer::Web&& web) {
        out.bytes(web.status, web.content_type, std::move(web.body));
        for (const auto& [name, value] : web.headers) out.header(name, value);
    }
    static void describe(Route& route) { route.answer = {200, "OK", "*/*"}; }
};

template <>
struct gravity::http::Result<gravity::issuer::WebCreated> {
    static void write(Output& out, issuer::WebCreated&& made) { Result<issuer::Web>::write(out, std::move(made.web)); }
    static void describe(Route& route) { route.answer = {201, "Created", "*/*"}; }
};

template <>
struct gravity::http::Result<gravity::issuer::WebSeeOther> {
    static void write(Output& out, issuer::WebSeeOther&& sent) { Result<issuer::Web>::write(out, std::move(sent.web)); }
    static void describe(Route& route) {
        route.answer = {303, "See Other"};
        route.answer.location = true;
    }
};
