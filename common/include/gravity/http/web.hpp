#pragma once

#include <gravity/base/ascii.hpp>
#include <gravity/http/result.hpp>

#include <string>
#include <utility>
#include <vector>

/// What routes of a standard's own answer, and pages for browsers: bytes with their status and headers, which no type of ours describes. A handler that may
/// answer a fault in the standard's form returns one of these for both.
namespace gravity {

struct Web {
    std::string content_type; // empty: there is no body
    std::string body;
    int status = 200;
    /// They replace those that are there, but for Set-Cookie, of which each is one of its own (RFC 9110 section 5.3).
    std::vector<std::pair<std::string, std::string>> headers{};

    Web&& with(std::string name, std::string value) && {
        headers.emplace_back(std::move(name), std::move(value));
        return std::move(*this);
    }
};

/// The same where what is answered has been made: 201, unless it was refused. What is sent is the status of `web`; this is for the documents.
struct WebCreated {
    Web web;
};

/// The same where nothing is left to answer: 204, unless it was refused.
struct WebEmpty {
    Web web;
};

/// The same where a browser is sent on: 303, unless it was refused.
struct WebSeeOther {
    Web web;
};

namespace http {

template <>
struct Result<Web> {
    static void write(Output& out, Web&& web) {
        if (web.content_type.empty())
            out.empty(web.status);
        else
            out.bytes(web.status, web.content_type, std::move(web.body));
        for (const auto& [name, value] : web.headers) {
            if (ascii::iequals(name, "Set-Cookie"))
                out.response().headers.add(name, value);
            else
                out.header(name, value);
        }
    }
    static void describe(Route& route) { route.answer = {200, "OK", "*/*"}; }
};

template <>
struct Result<WebCreated> {
    static void write(Output& out, WebCreated&& made) { Result<Web>::write(out, std::move(made.web)); }
    static void describe(Route& route) { route.answer = {201, "Created", "*/*"}; }
};

template <>
struct Result<WebEmpty> {
    static void write(Output& out, WebEmpty&& empty) { Result<Web>::write(out, std::move(empty.web)); }
    static void describe(Route& route) { route.answer = {204, "No Content"}; }
};

template <>
struct Result<WebSeeOther> {
    static void write(Output& out, WebSeeOther&& sent) { Result<Web>::write(out, std::move(sent.web)); }
    static void describe(Route& route) {
        route.answer = {303, "See Other"};
        route.answer.location = true;
    }
};

} // namespace http
} // namespace gravity
