#pragma once

#include <string>
#include <vector>

/// Regular expressions as Go's clients write them (RE2).
namespace gravity::registry {

/// Why this is none; empty if it is one.
std::string pattern_fault(const std::string& pattern);

/// The whole match and its groups, if the pattern is found in the text; nothing otherwise.
std::vector<std::string> pattern_groups(const std::string& pattern, const std::string& text);

} // namespace gravity::registry
