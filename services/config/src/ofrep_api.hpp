#pragma once

#include <gravity/handlers.hpp>

/// OpenFeature Remote Evaluation Protocol 0.3.0. Its words hold: names, statuses, errors.
namespace gravity::config::ofrep {

/// An answer of the protocol's own form.
struct Evaluated {
    int status = 200;
    Json document;
    std::string etag{};
};

Evaluated evaluate(Tx& tx, Path<"key", std::string> key, RawBody body);
Evaluated evaluate_all(Tx& tx, RawBody body, Header<"If-None-Match"> known);

} // namespace gravity::config::ofrep

template <>
struct gravity::http::Result<gravity::config::ofrep::Evaluated> {
    static void write(Output& out, config::ofrep::Evaluated&& evaluated) {
        if (evaluated.status == 304)
            out.empty(304);
        else
            out.bytes(evaluated.status, "application/json", evaluated.document.dump());
        if (!evaluated.etag.empty()) out.header("ETag", evaluated.etag);
    }
    static void describe(Route& route) { route.answer = {200, "OK", "application/json"}; }
};
