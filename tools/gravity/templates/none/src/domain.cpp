#include "domain.hpp"

#include "problems.hpp"

namespace gravity::@id@ {

Slug slug_of(std::string_view name) {
    constexpr std::size_t longest = 80;
    std::string text;
    bool gap = false;
    for (const char c : name) {
        const bool upper = c >= 'A' && c <= 'Z';
        if (!upper && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) {
            gap = !text.empty();
            continue;
        }
        if (text.size() + (gap ? 2 : 1) > longest) break;
        if (gap) text += '-';
        gap = false;
        text += upper ? static_cast<char>(c - 'A' + 'a') : c;
    }
    if (text.empty()) throw Refusal(nothing_left);
    return Slug::parse(text).or_throw();
}

} // namespace gravity::@id@
