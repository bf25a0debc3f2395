#include "meters_domain.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/meta/errors.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace gravity::project {
namespace {

constexpr std::size_t most_groups = 8, longest_group = 128, longest_distinct = 256;
constexpr int sure_digits = 15, most_behind = 12; // of a JSON number; behind the point, as of a Decimal

bool is_name(std::string_view text) {
    if (text.empty() || !(ascii::is_alpha(text[0]) || text[0] == '_')) return false;
    return std::all_of(text.begin(), text.end(), [](char c) { return ascii::is_alnum(c) || c == '_' || c == '-'; });
}

int significant_digits(std::string_view decimal) {
    std::string digits;
    for (const char c : decimal)
        if (ascii::is_digit(c)) digits += c;
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
    digits.erase(digits.find_last_not_of('0') + 1);
    return static_cast<int>(digits.size());
}

// What programs reckon with is a double of 15 sure digits, and what it is written with beyond them is what reckoning left: 0.1 + 0.2 comes as
// 0.30000000000000004. That is rounded away behind the point; before it nothing is.
std::string sure_text_of(double value) {
    int behind = sure_digits;
    for (double size = 1; size <= std::abs(value) && behind > 0; size *= 10) --behind;
    if (behind == 0) return Json(value).dump();
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, std::min(behind, most_behind)).ptr;
    return {text, end};
}

std::variant<Decimal, std::string> number_of(const Json& value) {
    const bool number = value.kind() == Json::Kind::number;
    if (value.kind() != Json::Kind::integer && !number && !value.is_string()) return std::string("is no number");
    const auto decimal = Decimal::parse(value.is_string() ? value.as_string() : number ? sure_text_of(value.as_number())
                                                                                       : value.dump());
    if (!decimal) return decimal.why();
    if (number && significant_digits(decimal->view()) > sure_digits)
        return std::string("has more digits than a JSON number is sure of: send it as a text");
    return *decimal;
}

std::optional<std::string> plain_text(const Json& value, std::size_t longest) {
    if (value.is_object() || value.is_array()) return std::nullopt;
    std::string text = value.is_string() ? value.as_string() : value.dump();
    if (value.kind() == Json::Kind::number) // 7.0 is 7, as other programs write it
        if (const auto decimal = Decimal::parse(text)) text = decimal->str();
    if (text.size() > longest) return std::nullopt;
    return text;
}

std::optional<std::string> group_of(const Json* value) {
    return value == nullptr || value->is_null() ? std::string() : plain_text(*value, longest_group);
}

// Why the value cannot be counted, or nothing.
std::optional<std::string> count_value(const NewMeter& meter, const Json* value, Measured& measured) {
    if (value == nullptr) return meter.value_path->str() + " is missing, which the meter " + meter.slug.str() + " counts";
    if (meter.aggregation == Aggregation::unique_count) {
        if (!value->is_null()) measured.distinct = plain_text(*value, longest_distinct);
        if (measured.distinct) return std::nullopt;
        return meter.value_path->str() + " is no text, number or truth value of at most 256 bytes";
    }
    auto number = number_of(*value);
    if (const auto* why = std::get_if<std::string>(&number)) return meter.value_path->str() + " " + *why;
    measured.value = std::get<Decimal>(number);
    return std::nullopt;
}

} // namespace

bool MeterSlug::accept(std::string_view in, std::string& out, std::string& why) {
    if (in.empty() || in.size() > 64) {
        why = "must have 1 to 64 characters";
        return false;
    }
    bool joined = true; // nothing before, or a character that joins
    for (const char c : in) {
        const bool joins = c == '.' || c == '-' || c == '_';
        if (!(joins ? !joined : ascii::is_digit(c) || (c >= 'a' && c <= 'z'))) {
            why = "must be lower-case letters and digits with single dots, hyphens and underscores between them";
            return false;
        }
        joined = joins;
    }
    if (joined) {
        why = "must end in a letter or digit";
        return false;
    }
    out = in;
    return true;
}

bool JsonPath::accept(std::string_view in, std::string& out, std::string& why) {
    const auto names = ascii::split(in, '.');
    if (in.size() > 256 || names.size() < 2 || names.size() > 9 || names[0] != "$" || !std::all_of(names.begin() + 1, names.end(), is_name)) {
        why = "must name a member, as $.usage.tokens does, at most 8 deep";
        return false;
    }
    out = in;
    return true;
}

void check(const NewMeter& meter, meta::Errors& errors) {
    if (meter.aggregation == Aggregation::count && meter.value_path) errors.reject("value_path", "has no meaning where events are counted");
    if (meter.aggregation != Aggregation::count && !meter.value_path) errors.reject("value_path", "is needed, but for count");
    if (!meter.group_by) return;
    if (meter.group_by->size() > most_groups) errors.reject("group_by", "must have at most 8 members");
    if (meter.group_by->contains(subject_group)) errors.reject("group_by", "must not have the name `subject`, by which all can be split");
    for (const auto& [name, path] : *meter.group_by)
        if (!is_name(name) || name.size() > 64) errors.reject("group_by", "must have names of letters, digits, hyphens and underscores, at most 64 of them");
}

const Json* member_at(const Json& data, const JsonPath& path) {
    const Json* at = &data;
    const auto names = ascii::split(path.view(), '.');
    for (auto name = names.begin() + 1; name != names.end() && at != nullptr; ++name) at = at->find(*name);
    return at;
}

std::variant<Measured, std::string> measure(const NewMeter& meter, const Json& data) {
    Measured measured{"1"};
    if (meter.value_path)
        if (auto why = count_value(meter, member_at(data, *meter.value_path), measured)) return *std::move(why);
    if (!meter.group_by) return measured;
    Json grouping = Json::object();
    for (const auto& [name, path] : *meter.group_by) {
        const auto text = group_of(member_at(data, path));
        if (!text) return path.str() + " is no text, number or truth value of at most 128 bytes";
        grouping[name] = *text;
    }
    measured.grouping = grouping.dump();
    return measured;
}

} // namespace gravity::project
