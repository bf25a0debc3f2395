// Filters and paths of SCIM, of directories and of whoever has their token: refused with one line, or a tree that is written so that it reads back as the same.
#include "scim_error.hpp"
#include "scim_filter.hpp"

#include <cstdint>
#include <cstdlib>

using namespace gravity::user::scim;

namespace {

void filters(std::string_view text) {
    try {
        const Filter filter = parse_filter(text);
        const std::string written = to_text(filter);
        if (written.size() <= 4096 && parse_filter(written) != filter) std::abort(); // numbers may be written longer than they were
    } catch (const Refused& refused) {
        if (refused.type() != "invalidFilter") std::abort();
    }
}

void paths(std::string_view text) {
    try {
        const PatchPath path = parse_path(text);
        if (path.attribute.name.empty() || (path.items && !path.attribute.sub.empty())) std::abort();
    } catch (const Refused& refused) {
        if (refused.type() != "invalidPath") std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    filters(text);
    paths(text);
    return 0;
}
