// What people and their files send as settings: keys and documents that are flattened, references between them. What is taken comes out as the same document
// again, and what is written of it are texts that can be read.
#include "items.hpp"

#include "formats.hpp"
#include "layers.hpp"
#include "references.hpp"

#include <gravity/base/problem.hpp>
#include <gravity/base/utf8.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

using namespace gravity;
using namespace gravity::config;

namespace {

void keys(std::string_view text) {
    std::string why;
    const auto steps = split_key(text, why);
    if (!steps) {
        if (why.empty()) std::abort();
        return;
    }
    if (steps->empty() || steps->front().is_index() || steps->back().end != text.size() || !utf8::valid(text)) std::abort();
}

void written(const Items& items) {
    for (const std::string& text : {to_yaml(to_tree(items)), to_properties(items)}) {
        if (!utf8::valid(text)) std::abort();
        if (std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' && c != '\n'; })) std::abort();
    }
    const std::string properties = to_properties(items);
    if (!utf8::is_ascii(properties) || static_cast<std::size_t>(std::count(properties.begin(), properties.end(), '\n')) != items.size()) std::abort();
}

void documents(std::string_view text) {
    const auto document = Json::parse(text);
    if (!document) return;
    Items items;
    try {
        apply_patch(items, *document);
    } catch (const Refusal&) {
        return;
    }
    Items again;
    apply_patch(again, to_tree(items));
    if (again != items) std::abort();
    if (values_of(overlay({&items, &items})) != items) std::abort();
    written(items);
    written(resolve(items).items);
    const Others itself = [&](const std::string&) { return &items; };
    written(resolve(items, itself).items);
    if (resolve_others(items, items, itself).size() != items.size()) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    keys(text);
    documents(text);
    return 0;
}
