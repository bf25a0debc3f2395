#pragma once

#include "memory.hpp"
#include "stale.hpp"

#include <gravity/handlers.hpp>

/// OpenFeature Remote Evaluation Protocol 0.3.0. Its words hold: names, statuses, errors.
namespace gravity::config::ofrep {

/// An answer of the protocol's own form.
struct Evaluated {
    int status = 200;
    std::string text; // JSON
    std::string etag{};
};

Task<MaybeStale<Evaluated>> evaluate(Ctx& ctx, Caller caller, Path<"key", std::string> key, RawBody body, Given<Memory> memory);
/// A context that was asked about before is not decided anew while no flag has changed.
Task<MaybeStale<Evaluated>> evaluate_all(Ctx& ctx, Caller caller, RawBody body, Header<"If-None-Match"> has, Given<Memory> memory);

} // namespace gravity::config::ofrep

template <>
struct gravity::http::Result<gravity::config::ofrep::Evaluated> {
    static void write(Output& out, config::ofrep::Evaluated&& evaluated) {
        if (evaluated.status == 304)
            out.empty(304);
        else
            out.bytes(evaluated.status, "application/json", std::move(evaluated.text));
        if (!evaluated.etag.empty()) out.header("ETag", evaluated.etag);
    }
    static void describe(Route& route) { route.answer = {200, "OK", "application/json"}; }
};
