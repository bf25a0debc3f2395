#pragma once

#include "api.hpp"

#include <gravity/json/json.hpp>

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// Consul's command line and configuration files, for clients and operators who start a program called `consul`: what they say in this daemon's settings.
namespace gravity::registry::consul {

/// What is not acceptable, in one line that names the key or flag.
struct ConfigError : std::runtime_error {
    using std::runtime_error::runtime_error;
};
[[noreturn]] void refuse(const std::string& key, const std::string& why); // "<key or flag>: <why>"

/// What a file is written in.
enum class Format : unsigned char {
    by_name, // HCL if it ends with .hcl, else JSON
    json,
    hcl
};

/// The command line, read.
struct CommandLine {
    std::vector<std::string> files; // of -config-file and -config-dir, in their order
    Format format = Format::by_name;
    bool dev = false;
    Json overrides = Json::object(); // what the flags say, as a configuration
    std::vector<Json> fragments;     // of -hcl: they come last
};

/// `arguments`: those behind `agent`. Throws ConfigError.
CommandLine parse_command_line(const std::vector<std::string>& arguments);
/// Of `validate`: files and folders are named without a flag.
struct Validation {
    CommandLine line;
    bool quiet = false;
};
Validation parse_validate_line(const std::vector<std::string>& arguments);

/// One configuration out of several: objects are merged, lists follow one another, of single values the last one counts. `service` and `check` become
/// items of `services` and `checks`, of which one may stand where a list is wanted, as a block of HCL does. Throws ConfigError.
void merge(Json& into, const Json& from, const std::string& where);
Json parse_file(std::string_view text, const std::string& path, Format format = Format::by_name);
/// Everything the files and flags say together. Throws ConfigError.
Json read_configuration(const CommandLine& line);

/// Settings by their outside names in flags ("port" -> "8500"), and what has no setting.
struct Translation {
    std::map<std::string, std::string> flags;
    Texts node_meta;
    std::optional<std::string> pid_file;
    Scripts scripts = Scripts::none;
    int server_port = 8300; // by which servers name each other
    std::vector<std::string> remarks; // keys that have no effect here
};
/// Throws ConfigError for a key that is unknown, of the wrong type, or would change what this daemon cannot change.
Translation translate(const Json& configuration, bool dev);

/// The services and checks of a configuration, to be registered on `node`. Throws ConfigError.
Configure registrations(const Json& configuration, const std::string& node, Scripts scripts);

} // namespace gravity::registry::consul
