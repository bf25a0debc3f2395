#pragma once

#include "items.hpp"

/// Settings as files: pure.
namespace gravity::config {

/// One `key=value` a line, escaped as java.util.Properties.store does: what is not ASCII as \uXXXX, and `=`, `:`, `#`, `!`, blanks where they would be read
/// as something else. An empty list has an empty value.
std::string to_properties(const Items& items);

/// YAML in block style that readers of 1.1 and of 1.2 take alike: whatever text one of them might not read as a text is quoted.
std::string to_yaml(const Json& tree);

} // namespace gravity::config
