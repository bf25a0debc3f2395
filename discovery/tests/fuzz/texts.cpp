// Durations and numbers as Go writes them, patterns, and prepared queries with what they are asked for.
#include "go_duration.hpp"
#include "go_unsigned.hpp"
#include "pattern.hpp"
#include "queries.hpp"

#include <cstdint>
#include <cstdlib>

using namespace gravity;
using namespace gravity::registry;

namespace {

template <class T>
void same_again(const Parsed<T>& taken) {
    if (!taken) {
        if (taken.why().empty()) std::abort();
        return;
    }
    const auto again = T::parse(taken->to_string());
    if (!again || !(*again == *taken)) std::abort();
}

/// A template of this name and texts, asked for by a longer name.
void queries(std::string_view name, std::string_view expression, std::string_view service) {
    QueryDefinition definition;
    definition.ID = "id";
    definition.Name = std::string(name);
    definition.Template = QueryTemplate{};
    definition.Template->Type = "name_prefix_match";
    definition.Template->Regexp = std::string(expression);
    definition.Service = QueryService{};
    definition.Service->Service = std::string(service);
    if (!query_fault(definition).empty()) return;
    Model model;
    PreparedQuery row;
    row.definition = definition;
    model.load(ChangeOf<PreparedQuery>{"id", std::make_shared<const PreparedQuery>(row), 2});
    model.finish_loading(2);
    const auto query = resolve_query(model, std::string(name) + "-db");
    if (!query) std::abort();
    (void)run_query(model, *query);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    same_again(GoDuration::parse(text));
    same_again(GoUnsigned::parse(text));
    const auto first = text.find('\n'), second = text.find('\n', first + 1);
    if (first != std::string_view::npos && second != std::string_view::npos)
        queries(text.substr(0, first), text.substr(first + 1, second - first - 1), text.substr(second + 1));
    return 0;
}
