#pragma once

#include <gravity/meta/describe.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace gravity {

namespace deep_object {

inline constexpr std::size_t longest_name = 128; // bytes
inline constexpr std::string_view style = "deepObject";

/// How the query's reader and the OpenAPI document know one among maps, which else stand as `filter.model=gpt-4`.
inline bool is_one(const meta::Type& type) { return type.kind == meta::Kind::map && type.format == style; }

} // namespace deep_object

/// A field of a described query (`Params`) whose members have names of the caller's choice, in brackets: `filter[model]=gpt-4&filter[region]=eu`
/// (OpenAPI 3.1.0 section 4.8.12, `style: deepObject`, `explode: true`). Lacking is empty; more than `Most` members, and a member given twice, are
/// refused, as are names that are empty, have brackets of their own (there are no objects within it) or more than `deep_object::longest_name` bytes. It
/// is a std::map, and in JSON and SQL the object that such a map is. Clients of contracts (discovery/client.hpp) cannot send one.
template <class T, std::size_t Most>
struct DeepObject : std::map<std::string, T, std::less<>> {
    static constexpr meta::Type describe() {
        meta::Type type;
        type.kind = meta::Kind::map;
        type.map = &meta::detail::map_ops<DeepObject>;
        type.format = deep_object::style;
        type.max = static_cast<std::int64_t>(Most);
        type.make = &meta::detail::make<DeepObject>;
        return type;
    }
};

} // namespace gravity
