#include "names.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>

namespace gravity::config {
namespace {

constexpr std::size_t longest_name = 64;

bool is_name_character(char c) { return (c >= 'a' && c <= 'z') || ascii::is_digit(c) || c == '.' || c == '_' || c == '-'; }

} // namespace

bool is_config_name(std::string_view text) {
    return !text.empty() && text.size() <= longest_name && std::all_of(text.begin(), text.end(), is_name_character);
}

bool ConfigName::accept(std::string_view in, std::string& out, std::string& why) {
    if (!is_config_name(in)) {
        why = "must be 1 to 64 lower-case letters, digits, dots, underscores and hyphens";
        return false;
    }
    out = in;
    return true;
}

bool LabelName::accept(std::string_view in, std::string& out, std::string& why) {
    bool fits = in.size() <= longest_name;
    for (std::string_view rest = in; fits;) {
        const auto slash = rest.find('/');
        fits = is_config_name(rest.substr(0, slash));
        if (slash == std::string_view::npos) break;
        rest.remove_prefix(slash + 1);
    }
    if (!fits) {
        why = "must be lower-case letters, digits, dots, underscores and hyphens, in parts joined by slashes, at most 64";
        return false;
    }
    out = in;
    return true;
}

} // namespace gravity::config
