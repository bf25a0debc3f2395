#include "consul_program.hpp"

#include <gravity/json/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>

namespace gravity::registry::consul {
namespace {

std::string temporary_folder() {
    std::string name = std::filesystem::temp_directory_path() / "gravity-discovery-dev-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw ConfigError(name + ": " + std::strerror(errno));
    return name;
}

void print_version(const std::vector<std::string>& arguments, const std::string& version) {
    const auto is_json = [](const std::string& word) { return word.ends_with("json"); };
    if (std::any_of(arguments.begin(), arguments.end(), is_json))
        std::printf("%s\n", Json::object({{"Version", version}, {"Revision", ""}, {"Prerelease", ""}, {"Gravity", true}}).dump().c_str());
    else
        std::printf("Consul v%s (as gravity-discovery speaks it)\n", version.c_str());
}

void start_agent(Invocation& invocation, const std::vector<std::string>& arguments) {
    auto configured = std::make_shared<Configured>();
    configured->line = parse_command_line(arguments);
    configured->configuration = read_configuration(configured->line);
    configured->translation = translate(configured->configuration, configured->line.dev);
    auto flags = configured->translation.flags;
    registrations(configured->configuration, "node", configured->translation.scripts); // whatever is wrong with them stops the start
    if (!flags.contains("discovery-data-dir")) flags["discovery-data-dir"] = invocation.temporary = temporary_folder();
    for (const auto& [name, value] : flags) invocation.arguments.push_back("--" + name + "=" + value);
    invocation.configured = std::move(configured);
}

// As a start would take it; nothing is started.
void validate(const std::vector<std::string>& arguments) {
    const Validation validation = parse_validate_line(arguments);
    const Json configuration = read_configuration(validation.line);
    const Translation translation = translate(configuration, false);
    registrations(configuration, "node", translation.scripts);
    if (!validation.quiet) std::printf("Configuration is valid!\n");
}

} // namespace

Configure Configured::reload(const std::string& node, Scripts scripts) {
    Json fresh = read_configuration(line);
    translate(fresh, line.dev);
    Configure wanted = registrations(fresh, node, scripts);
    configuration = std::move(fresh);
    return wanted;
}

Invocation::~Invocation() {
    std::error_code ignored; // a folder that cannot be removed is a temporary one all the same
    if (!temporary.empty()) std::filesystem::remove_all(temporary, ignored);
}

Invocation invoke(int argc, char** argv, const std::string& version) {
    Invocation invocation;
    const std::vector<std::string> words(argv + 1, argv + std::max(argc, 1));
    const bool as_consul = argc > 0 && std::filesystem::path(argv[0]).filename() == "consul";
    const std::string command = words.empty() ? "" : words[0];
    if (!as_consul && command != "agent") {
        invocation.arguments.assign(argv, argv + argc);
        return invocation;
    }
    const std::vector<std::string> rest(words.begin() + (words.empty() ? 0 : 1), words.end());
    if (command == "version" || command == "--version" || command == "-version" || command == "-v") {
        print_version(rest, version);
        invocation.exit_code = 0;
        return invocation;
    }
    invocation.arguments.emplace_back("gravity-discovery");
    try {
        if (command == "validate") {
            validate(rest);
            invocation.exit_code = 0;
            return invocation;
        }
        if (command != "agent") throw ConfigError("\"" + command + "\" is not a command of this consul; there are agent, validate and version");
        start_agent(invocation, rest);
    } catch (const ConfigError& error) {
        std::fprintf(stderr, "consul: %s\n", error.what());
        invocation.exit_code = 1;
    }
    return invocation;
}

} // namespace gravity::registry::consul
