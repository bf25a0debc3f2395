#pragma once

#include "consul_config.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

/// This executable when it is called as `consul`: the command line and files become flags of the service, and what has no flag is kept here.
namespace gravity::registry::consul {

/// The configuration in force, and how to read it anew.
struct Configured {
    CommandLine line;
    Json configuration;
    Translation translation;

    /// The files again: only services and checks may differ. Throws ConfigError; then all stays as it was.
    Configure reload(const std::string& node, Scripts scripts);
};

struct Invocation {
    std::optional<int> exit_code;          // there is nothing to run (any more)
    std::vector<std::string> arguments;    // of the service, its name first
    std::shared_ptr<Configured> configured; // null: called by its own name
    std::string temporary;                 // folder of -dev, which goes with the process

    Invocation() = default;
    Invocation(Invocation&&) = default;
    ~Invocation();
};

/// Prints what a call that runs nothing asks for, or why it cannot be run.
Invocation invoke(int argc, char** argv, const std::string& version);

} // namespace gravity::registry::consul
