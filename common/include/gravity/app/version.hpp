#pragma once

#include <string_view>

namespace gravity::app {

/// Of the platform this executable was built from, such as "0.1.0"; what `--version` prints and health tells as `releaseId`.
std::string_view version();

} // namespace gravity::app
