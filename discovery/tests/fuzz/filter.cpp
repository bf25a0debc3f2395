// Filter expressions: refused with one line or a filter that answers.
#include "filter.hpp"

#include "api_output.hpp"

using namespace gravity;
using namespace gravity::registry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Json item = json::to_document(api::ServiceNodeOut{});
    try {
        (void)Filter::parse({reinterpret_cast<const char*>(data), size}, meta::type_of<api::ServiceNodeOut>()).matches(item);
    } catch (const FilterError&) {
        // Not such an expression.
    }
    return 0;
}
