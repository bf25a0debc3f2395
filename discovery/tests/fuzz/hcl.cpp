// Configurations in HCL: refused with one line that names why, or the JSON that says the same.
#include "hcl.hpp"

#include "consul_hcl.hpp"

#include <cstdint>
#include <cstdlib>

using namespace gravity;
using namespace gravity::registry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        const Json document = consul::document_of_hcl(text);
        const std::string written = document.dump();
        const auto again = Json::parse(written); // what is read can be written, and says the same
        if (!document.is_object() || !again || again->dump() != written) std::abort();
        if (Json reread = consul::document_of_hcl(written); reread.dump() != written) std::abort(); // JSON reads as HCL, too
    } catch (const hcl::Error& error) {
        if (*error.what() == '\0') std::abort();
    }
    return 0;
}
