// Policies in HCL and JSON: refused with one line that names the line, or rules that decide.
#include "acl_rules.hpp"

#include <cstdlib>

using namespace gravity::registry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        const Rules rules = parse_policy(text);
        const std::string_view name = text.substr(0, text.size() / 2);
        for (std::size_t i = 0; i < resource_count; ++i) {
            const NamedRules& named = rules.of(static_cast<Resource>(i));
            const auto grant = named.find(name);
            // What is granted for all names that begin so is granted for this one.
            if (named.covers(name, Grant::write) == true && grant && *grant != Grant::write) std::abort();
        }
    } catch (const PolicyError& error) {
        if (*error.what() == '\0') std::abort();
    }
    return 0;
}
