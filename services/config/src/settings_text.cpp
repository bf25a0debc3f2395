#include "settings_text.hpp"

#include "formats.hpp"
#include "problems.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/problem.hpp>

#include <algorithm>

namespace gravity::config {
namespace {

/// Nothing where a character has no place in it.
std::optional<std::string> variable_name(std::string_view key) {
    std::string name;
    for (const char c : key) {
        if (c == '.' || c == '[' || c == '_')
            name += '_';
        else if (ascii::is_alnum(c))
            name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        else if (c != '-' && c != ']')
            return std::nullopt;
    }
    if (name.empty() || ascii::is_digit(name.front())) return std::nullopt;
    return name;
}

bool needs_no_quotes(std::string_view text) {
    const auto is_harmless = [](char c) { return ascii::is_alnum(c) || std::string_view("_-.,:/@%+").find(c) != std::string_view::npos; };
    return !text.empty() && std::all_of(text.begin(), text.end(), is_harmless);
}

std::string dotenv_value(const Json& value) {
    if (value.is_array()) return "''";
    const std::string text = value.is_string() ? value.as_string() : value.dump();
    if (needs_no_quotes(text)) return text;
    // Many readers take \' for a quote within the text: with it at the end they lose all the lines that follow.
    if (text.find_first_of("'\n\r") == std::string::npos && !text.ends_with('\\')) return "'" + text + "'";
    std::string quoted = "\"";
    for (const char c : text) {
        switch (c) {
        case '\n': quoted += "\\n"; break;
        case '\r': quoted += "\\r"; break;
        case '"':
        case '\\':
        case '$': quoted += '\\'; [[fallthrough]];
        default: quoted += c;
        }
    }
    return quoted + "\"";
}

} // namespace

std::string to_dotenv(const Items& items) {
    std::map<std::string, std::string> lines; // value by name
    std::vector<Refusal::Fault> faults;
    for (const auto& [key, value] : items) {
        const auto name = variable_name(key);
        if (!name)
            faults.push_back({pointer_to_item(key), "has a character that no variable has, or begins with a digit"});
        else if (!lines.emplace(*name, dotenv_value(value)).second)
            faults.push_back({pointer_to_item(key), "would be " + *name + ", as another key is"});
        if (faults.size() == 50) break;
    }
    if (!faults.empty()) throw Refusal(no_variable_name).with_faults(std::move(faults));
    std::string out;
    for (const auto& [name, value] : lines) out += name + "=" + value + "\n";
    return out;
}

std::string settings_text(SettingsFormat format, const Items& items) {
    switch (format) {
    case SettingsFormat::yaml: return to_yaml(to_tree(items));
    case SettingsFormat::json: return to_tree(items).dump() + "\n";
    case SettingsFormat::properties: return to_properties(items);
    case SettingsFormat::dotenv: break;
    }
    return to_dotenv(items);
}

} // namespace gravity::config
