#pragma once

#include "model.hpp"

#include <string_view>

/// The rules: pure functions. A refusal is thrown.
namespace gravity::@id@ {
/// Letters and digits of ASCII in lower case, whatever is between them as one hyphen.
Slug slug_of(std::string_view name);
} // namespace gravity::@id@
