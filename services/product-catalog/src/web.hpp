#pragma once

#include <gravity/handlers.hpp>

/// What routes of the public surface answer: bytes of a standard's own, with headers of their own.
namespace gravity::product_catalog {

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

} // namespace gravity::product_catalog

template <>
struct gravity::http::Result<gravity::product_catalog::Web> {
    static void write(Output& out, product_catalog::Web&& web) {
        out.bytes(web.status, web.content_type, std::move(web.body));
        for (const auto& [name, value] : web.headers) out.header(name, value);
    }
    static void describe(Route& route) { route.answer = {200, "OK", "*/*"}; }
};
