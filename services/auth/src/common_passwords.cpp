#include "common_passwords.hpp"

#include <algorithm>
#include <vector>

namespace gravity::issuer {
namespace {

std::vector<std::string_view> sorted_lines(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (!line.empty() && line.front() != '#') lines.push_back(line);
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

} // namespace

bool is_common_password(std::string_view folded) {
    static const std::vector<std::string_view> passwords = sorted_lines(common_passwords_text);
    return std::binary_search(passwords.begin(), passwords.end(), folded);
}

} // namespace gravity::issuer
