#pragma once

#include <gravity/json/json.hpp>

#include <cstddef>
#include <string_view>

namespace gravity {

/// What a YAML text may become at most; what an alias repeats counts each time, so that a small text does not become a large document.
struct YamlLimits {
    std::size_t max_depth = 32;
    std::size_t max_values = 100'000;
    std::size_t max_text = 4 * 1024 * 1024; // bytes of names and texts together
};

/// One document of YAML as JSON. Nothing is taken for a number or a truth value that a reader of YAML 1.1 and one of 1.2 take differently: a scalar without
/// quotes is `true`, `false`, null, a decimal or 0x integer without further leading zeros, or a number with a point, where both say so; `no`, `0123`, `1e3`,
/// `12:30`, `2026-01-01` and all else are texts as they are written, as is an integer beyond 64 bits. `<<` merges (YAML 1.1); names are texts as they are
/// written. Refused, with line and column: what is no YAML, several documents, a name that stands twice, names that are no scalars, other tags than those of
/// the core schema, an alias within what it names, invalid UTF-8, U+0000, and whatever is beyond the limits. An empty text is null. Any thread.
Parsed<Json> parse_yaml(std::string_view text, const YamlLimits& limits = {});

} // namespace gravity
