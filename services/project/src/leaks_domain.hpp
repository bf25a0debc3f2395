#pragma once

#include "leaks_model.hpp"

#include <string_view>
#include <vector>

/// What stands in a report of leaks. Pure; a refusal is thrown.
namespace gravity::project {

/// Either JSON as GitHub's secret scanning sends it, `[{"token", "type", "url", "source"}]` with whatever else it says, or plain text, a token a line. At most
/// 10,000 of at most 8 KiB.
std::vector<FoundToken> found_tokens(std::string_view content_type, std::string_view body);

} // namespace gravity::project
