#pragma once

#include "config.hpp"
#include "memory.hpp"
#include "secrets.hpp"
#include "stale.hpp"

#include <gravity/handlers.hpp>
#include <gravity/http/extract.hpp>

/// What Spring Cloud Config clients ask for.
namespace gravity::config::spring {

/// What of a query counts; all else in it is passed over, as the standard's server does.
struct SpringQuery {
    bool use_default_label = false;   // `useDefaultLabel` is there
    bool resolve_placeholders = true; // unless `resolvePlaceholders=false`
    std::optional<std::string> instance; // of rollouts: `instance`, or the field X-Config-Instance
};
SpringQuery read_spring_query(std::string_view query, std::optional<std::string_view> instance);

using PathText = Text<1, 1000>;

/// What every one of them is answered with.
struct Asked {
    Given<Settings> settings;
    Given<Vault> vault;
    Given<Memory> memory;
};

Task<MaybeStale<Download>> file(Ctx& ctx, Caller caller, Path<"file", PathText> file, SpringQuery query, Asked asked);
/// The settings of an application, or `/{label}/{file}`.
Task<MaybeStale<Download>> environment_or_file(Ctx& ctx, Caller caller, Path<"application", PathText> application, Path<"profiles", PathText> profiles,
                                               SpringQuery query, Asked asked);
/// The settings under a label, or with `useDefaultLabel` a plain file.
Task<MaybeStale<Download>> labelled(Ctx& ctx, Caller caller, Path<"application", PathText> application, Path<"profiles", PathText> profiles,
                                    Path<"label", PathText> label, SpringQuery query, Asked asked);
Task<MaybeStale<Download>> plain_file(Ctx& ctx, Caller caller, Path<"application", PathText> application, Path<"profiles", PathText> profiles,
                                      Path<"label", PathText> label, Path<"path", PathText> path, SpringQuery query, Asked asked);

} // namespace gravity::config::spring

template <>
struct gravity::http::Extractor<gravity::config::spring::SpringQuery> {
    static config::spring::SpringQuery read(Input& in) {
        return config::spring::read_spring_query(in.request().query, in.request().headers.get("X-Config-Instance"));
    }
    static void describe(Route& route) {
        route.parameters.push_back({"query", "useDefaultLabel", &meta::type_of<std::string>(), false, "The path begins where the label would be"});
        route.parameters.push_back({"query", "resolvePlaceholders", &meta::type_of<bool>(), false, "Whether references are resolved in files"});
        route.parameters.push_back({"query", "instance", &meta::type_of<std::string>(), false, "The name of the process that asks: for releases on their way"});
        route.parameters.push_back({"header", "X-Config-Instance", &meta::type_of<std::string>(), false, "The same"});
    }
};

template <>
struct gravity::http::Extractor<gravity::config::spring::Asked> {
    static config::spring::Asked read(Input& in) {
        return {Extractor<Given<config::Settings>>::read(in), Extractor<Given<config::Vault>>::read(in), Extractor<Given<config::Memory>>::read(in)};
    }
    static void describe(Route&) {}
};
