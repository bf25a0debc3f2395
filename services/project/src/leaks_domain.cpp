#include "leaks_domain.hpp"

#include "problems.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/utf8.hpp>
#include <gravity/json/json.hpp>

namespace gravity::project {
namespace {

constexpr std::size_t most_tokens = 10'000, longest_token = 8 * 1024, longest_word = 2'000;
constexpr std::string_view our_type = "gravity_api_key"; // of what stands in a plain list

std::string pointer_to(std::size_t i, std::string_view member) { return "/" + std::to_string(i) + "/" + std::string(member); }

[[noreturn]] void refuse(std::string pointer, std::string why) { throw Refusal(problems::invalid).with_faults({{std::move(pointer), std::move(why)}}); }

// A text that may lack, and which is not worth keeping if it is longer than an address is.
std::optional<std::string> word(const Json& object, std::size_t i, std::string_view name) {
    const Json* const value = object.find(name);
    if (value == nullptr || value->is_null()) return std::nullopt;
    if (!value->is_string()) refuse(pointer_to(i, name), "must be a text");
    if (value->as_string().empty() || value->as_string().size() > longest_word) return std::nullopt;
    return value->as_string();
}

FoundToken token_in(const Json& each, std::size_t i) {
    const Json* const token = each.find("token");
    if (token == nullptr || !token->is_string()) refuse(pointer_to(i, "token"), "must be a text");
    if (token->as_string().size() > longest_token) refuse(pointer_to(i, "token"), "must have at most 8192 bytes");
    return {token->as_string(), word(each, i, "type").value_or(""), word(each, i, "url"), word(each, i, "source")};
}

std::vector<FoundToken> in_json(std::string_view body) {
    const auto list = Json::parse(body);
    if (!list || !list->is_array()) throw Refusal(problems::malformed, list ? "A list is expected" : "The body is not acceptable JSON: " + list.why());
    if (list->size() > most_tokens) throw Refusal(problems::too_large, "A report has at most 10000 tokens");
    std::vector<FoundToken> found;
    for (std::size_t i = 0; i < list->size(); ++i) found.push_back(token_in(list->as_array()[i], i));
    return found;
}

std::vector<FoundToken> in_lines(std::string_view body) {
    if (!utf8::valid(body) || body.find('\0') != std::string_view::npos) throw Refusal(problems::malformed, "The text is not UTF-8");
    std::vector<FoundToken> found;
    for (const auto part : ascii::split(body, '\n')) {
        const auto token = ascii::trim(part);
        if (token.empty()) continue;
        if (found.size() >= most_tokens) throw Refusal(problems::too_large, "A report has at most 10000 tokens");
        if (token.size() > longest_token) throw Refusal(problems::malformed, "A line has at most 8192 bytes");
        found.push_back({std::string(token), std::string(our_type), {}, {}});
    }
    return found;
}

} // namespace

std::vector<FoundToken> found_tokens(std::string_view content_type, std::string_view body) {
    const auto type = ascii::trim(content_type.substr(0, content_type.find(';')));
    if (ascii::iequals(type, "application/json")) return in_json(body);
    if (ascii::iequals(type, "text/plain")) return in_lines(body);
    throw Refusal(problems::unsupported_media_type, "application/json or text/plain is expected");
}

} // namespace gravity::project
