#pragma once

#include "items.hpp"

#include <gravity/model.hpp>

#include <string>
#include <string_view>
#include <vector>

/// Settings from files that others wrote: pure. A refusal is thrown, with the line where it can be told.
namespace gravity::config {

enum class SettingsFormat {
    yaml,
    properties,
    json,
    dotenv
};
BOOST_DESCRIBE_ENUM(SettingsFormat, yaml, properties, json, dotenv)

inline constexpr std::size_t max_file_bytes = 2 * 1024 * 1024;

/// The flattened keys of a file. What YAML and JSON leave empty (null) is an empty text, as it is for Spring. Refused: what is not of the format, a key
/// that stands twice, however it is written, one that has a value and parts as well, what is no key, a list with gaps, too much of anything.
Items read_settings(SettingsFormat format, std::string_view content);

/// `.properties` as java.util.Properties.load reads them: continued lines, `=`, `:` or a blank behind the key, \uXXXX in UTF-16. Refused is an escape that is
/// cut off, and half a pair of surrogates.
std::vector<std::pair<std::string, std::string>> read_properties(std::string_view content);

/// NAME=value lines as of dotenv: `export ` before a name, comments, 'quotes' that leave all as it is, "quotes" with \n, \r, \t, \", \$ and \\; both may
/// have several lines. Nothing is put in the place of $NAME.
std::vector<std::pair<std::string, std::string>> read_dotenv(std::string_view content);

} // namespace gravity::config

GRAVITY_TABLES(config, SettingsFormat)
