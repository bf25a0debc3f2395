#pragma once

#include "settings_files.hpp"

/// Settings as files for others: pure.
namespace gravity::config {

/// Of items without secrets. References stay as they are written.
std::string settings_text(SettingsFormat format, const Items& items);

/// NAME=value lines that read_dotenv takes. The names are those that Spring Boot binds to the keys: upper case, `.` and `[` as `_`, no `-` and `]`. Refused
/// with pointers: a key that has none, and two that have the same.
std::string to_dotenv(const Items& items);

} // namespace gravity::config
