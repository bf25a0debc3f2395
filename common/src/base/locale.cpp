#include <gravity/base/ascii.hpp>
#include <gravity/base/codes.hpp>

#include <algorithm>
#include <vector>

namespace gravity {
namespace {

using Subtags = std::vector<std::string_view>;

bool all(std::string_view text, bool (*is)(char)) { return std::all_of(text.begin(), text.end(), is); }
bool alpha(std::string_view s, std::size_t min, std::size_t max) {
    return s.size() >= min && s.size() <= max && all(s, ascii::is_alpha);
}
bool digits(std::string_view s, std::size_t n) { return s.size() == n && all(s, ascii::is_digit); }

bool is_region(std::string_view s) { return alpha(s, 2, 2) || digits(s, 3); }
bool is_variant(std::string_view s) { return s.size() >= 5 || (s.size() == 4 && ascii::is_digit(s[0])); }

/// RFC 5646 section 2.1, "irregular": tags registered before the grammar, which they do not follow. Lower-case.
constexpr std::string_view irregular[] = {"en-gb-oed", "i-ami", "i-bnn", "i-default", "i-enochian", "i-hak",
                                          "i-klingon", "i-lux", "i-mingo", "i-navajo", "i-pwn", "i-tao",
                                          "i-tay", "i-tsu", "sgn-be-fr", "sgn-be-nl", "sgn-ch-de"};

/// Takes subtags from `at` while they match; false if one comes twice.
template <class Match> bool take_distinct(const Subtags& tags, std::size_t& at, Match match) {
    Subtags seen;
    for (; at < tags.size() && match(tags[at]); ++at) {
        if (std::find(seen.begin(), seen.end(), tags[at]) != seen.end()) return false;
        seen.push_back(tags[at]);
    }
    return true;
}

/// The grammar of section 2.1 over lower-case subtags of 1 to 8 letters and digits each.
bool well_formed(const Subtags& tags) {
    std::size_t at = 0;
    const auto private_use = [&] {
        return tags[at] == "x" && tags.size() > at + 1;
    }; // "x" takes everything that follows
    if (private_use()) return true;

    if (!alpha(tags[at], 2, 8)) return false;
    const bool may_extend = tags[at].size() <= 3;
    ++at;
    for (int i = 0; may_extend && i < 3 && at < tags.size() && alpha(tags[at], 3, 3); ++i) ++at;
    if (at < tags.size() && alpha(tags[at], 4, 4)) ++at;
    if (at < tags.size() && is_region(tags[at])) ++at;
    if (!take_distinct(tags, at, is_variant)) return false;

    Subtags singletons;
    while (at < tags.size() && tags[at].size() == 1 && tags[at] != "x") {
        if (std::find(singletons.begin(), singletons.end(), tags[at]) != singletons.end()) return false;
        singletons.push_back(tags[at]);
        const std::size_t first = ++at;
        while (at < tags.size() && tags[at].size() >= 2) ++at;
        if (at == first) return false;
    }
    return at == tags.size() || private_use();
}

} // namespace

bool Locale::accept(std::string_view in, std::string& out, std::string& why) {
    why = "must be a BCP 47 language tag such as de-AT or zh-Hant";
    if (in.size() < 2 || in.size() > 64) return false;
    const std::string lower = ascii::lower(in);
    const Subtags tags = ascii::split(lower, '-');
    for (const std::string_view tag : tags) {
        if (tag.empty() || tag.size() > 8 || !all(tag, ascii::is_alnum)) return false;
    }
    const bool registered = std::find(std::begin(irregular), std::end(irregular), lower) != std::end(irregular);
    if (!registered && !well_formed(tags)) return false;

    // Section 2.1.1: two letters are a region and upper-case, four a script and title-case, but not in front and not
    // after a singleton.
    out.clear();
    bool after_singleton = false;
    for (std::size_t i = 0; i < tags.size(); ++i) {
        if (i > 0) out += '-';
        const std::size_t begin = out.size();
        out += tags[i];
        if (i > 0 && !after_singleton && tags[i].size() == 2) {
            out[begin] = ascii::upper(out[begin]);
            out[begin + 1] = ascii::upper(out[begin + 1]);
        } else if (i > 0 && !after_singleton && tags[i].size() == 4) {
            out[begin] = ascii::upper(out[begin]);
        }
        after_singleton = after_singleton || tags[i].size() == 1;
    }
    return true;
}

} // namespace gravity
