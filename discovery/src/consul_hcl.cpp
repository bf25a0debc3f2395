#include "consul_hcl.hpp"

#include "hcl.hpp"

#include <gravity/base/utf8.hpp>

#include <charconv>
#include <cmath>
#include <set>
#include <string>

namespace gravity::registry::consul {
namespace {

using hcl::Value;

[[noreturn]] void refuse(const Value& value, const std::string& what) { throw hcl::Error("line " + std::to_string(value.line) + ": " + what); }

template <class T>
bool read(const std::string& word, T& number) {
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    return error == std::errc() && end == word.data() + word.size();
}

// A number that begins with 0 would be octal to some readers.
Json json_of_word(const Value& value) {
    const std::string& word = value.text;
    if (word == "true" || word == "false") return word == "true";
    if (word == "null") return {};
    const std::size_t digits = word.starts_with('-') ? 1 : 0;
    const bool is_octal = word.size() > digits + 1 && word[digits] == '0' && word.find_first_not_of("0123456789", digits) == std::string::npos;
    std::int64_t integer = 0;
    double number = 0;
    if (!is_octal && read(word, integer)) return integer;
    if (!is_octal && read(word, number) && std::isfinite(number)) return number; // a sign behind the e is fine
    refuse(value, '"' + word + "\" is neither a number nor true or false; texts stand in quotes");
}

Json json_of(const Value& value);

Json json_of_members(const Value& value) {
    Json object = Json::object();
    std::set<std::string> lists; // made of several blocks
    for (const hcl::Member& member : value.members) {
        Json part = json_of(member.value);
        const bool is_new = object.find(member.name) == nullptr;
        Json& place = object[member.name];
        if (is_new || !part.is_object() || !(place.is_object() || (place.is_array() && lists.contains(member.name)))) {
            place = std::move(part);
            continue;
        }
        if (place.is_object()) {
            place = Json::array({place});
            lists.insert(member.name);
        }
        place.push_back(std::move(part));
    }
    return object;
}

Json json_of(const Value& value) {
    if (value.kind == Value::Kind::object) return json_of_members(value);
    if (value.kind == Value::Kind::text) return value.quoted ? Json(value.text) : json_of_word(value);
    Json list = Json::array();
    for (const Value& item : value.items) list.push_back(json_of(item));
    return list;
}

} // namespace

Json document_of_hcl(std::string_view text) {
    if (!utf8::valid(text)) throw hcl::Error("it is not UTF-8");
    return json_of(hcl::parse(text));
}

} // namespace gravity::registry::consul
