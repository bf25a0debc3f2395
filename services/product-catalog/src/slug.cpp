#include "slug.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/utf8.hpp>

#include <unicode/locid.h>
#include <unicode/translit.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <memory>
#include <stdexcept>

namespace gravity::product_catalog {
namespace {

// Made at the first title that is not ASCII: its rules take megabytes that an idle process should not hold. Transliterating is thread-safe.
const icu::Transliterator& romaniser() {
    static const std::unique_ptr<icu::Transliterator> made = [] {
        UErrorCode status = U_ZERO_ERROR;
        std::unique_ptr<icu::Transliterator> t(
            icu::Transliterator::createInstance("NFKD; Any-Latin; Latin-ASCII; Lower", UTRANS_FORWARD, status));
        if (U_FAILURE(status)) throw std::runtime_error(std::string("ICU transliteration: ") + u_errorName(status));
        return t;
    }();
    return *made;
}

std::string utf8_of(const icu::UnicodeString& text) {
    std::string out;
    text.toUTF8String(out);
    return out;
}

enum class Part : unsigned char {
    letter,
    nothing,
    separator
};

// "women's" is one word, and neither a trade mark nor a soft hyphen is part of a name.
bool is_silent(char32_t c) { return c == U'\'' || c == U'’' || c == U'ʼ' || c == U'™' || c == U'℠' || c == U'®' || c == U'©'; }

Part part_of(char32_t c) {
    if (is_silent(c)) return Part::nothing;
    const auto code = static_cast<UChar32>(c);
    switch (u_charType(code)) {
    case U_UPPERCASE_LETTER:
    case U_LOWERCASE_LETTER:
    case U_TITLECASE_LETTER:
    case U_MODIFIER_LETTER:
    case U_OTHER_LETTER:
    case U_DECIMAL_DIGIT_NUMBER:
    case U_NON_SPACING_MARK: // vowel signs of Indic scripts, what NFC could not compose
    case U_COMBINING_SPACING_MARK: return Part::letter;
    case U_FORMAT_CHAR: return c == 0x200b || c == 0x200c ? Part::separator : Part::nothing; // between Thai and between Persian words
    case U_ENCLOSING_MARK: return Part::nothing;
    default: return Part::separator;
    }
}

std::string without_silent(std::string_view text) {
    std::string out;
    while (const auto c = utf8::next(text))
        if (!is_silent(*c)) utf8::append(out, *c);
    return out;
}

// Where the first `max_slug` code points end, in bytes.
std::size_t limit_of(std::string_view slug) {
    std::string_view rest = slug;
    for (std::size_t n = 0; n < max_slug && !rest.empty(); ++n) utf8::next(rest);
    return slug.size() - rest.size();
}

std::string cut(std::string slug, std::size_t limit) {
    if (slug.size() > limit) {
        const auto hyphen = slug[limit] == '-' ? limit : slug.rfind('-', limit - 1);
        slug.resize(hyphen == std::string::npos ? limit : hyphen);
    }
    while (slug.ends_with('-')) slug.pop_back();
    return slug;
}

/// `part` sorts a character into letter, separator or nothing; runs of separators become one hyphen between letters.
template <class Sort>
std::string join(std::string_view text, Sort&& part) {
    std::string out;
    bool gap = false;
    while (const auto c = utf8::next(text)) {
        switch (part(*c)) {
        case Part::letter:
            if (gap && !out.empty()) out += '-';
            gap = false;
            utf8::append(out, *c);
            break;
        case Part::separator: gap = true; break;
        case Part::nothing: break;
        }
    }
    return out;
}

std::string keep_script(std::string_view text) {
    icu::UnicodeString lower = icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
    lower.toLower(icu::Locale::getRoot());
    std::string slug = join(utf8::nfc(utf8_of(lower)), part_of);
    return cut(slug, limit_of(slug));
}

std::string romanise(std::string_view text) {
    if (!utf8::is_ascii(text)) {
        const std::string spoken = without_silent(text);
        icu::UnicodeString changing = icu::UnicodeString::fromUTF8(spoken);
        romaniser().transliterate(changing);
        return utf8_of(changing);
    }
    return ascii::lower(text);
}

} // namespace

std::string make_slug(std::string_view text, SlugMode mode) {
    if (mode == SlugMode::keep) return keep_script(text);
    const std::string roman = romanise(text);
    std::string slug = join(roman, [](char32_t c) {
        if (c < 0x80) return ascii::is_lower(static_cast<char>(c)) || ascii::is_digit(static_cast<char>(c)) ? Part::letter : part_of(c);
        return part_of(c) == Part::letter ? Part::nothing : part_of(c); // a mark, or a letter that ASCII has no likeness of
    });
    if (slug.empty()) return keep_script(text);
    return cut(std::move(slug), max_slug);
}

std::string numbered_slug(std::string_view slug, int n) {
    const std::string ending = "-" + std::to_string(n);
    std::string_view rest = slug;
    for (std::size_t kept = 0; kept < max_slug - ending.size() && !rest.empty(); ++kept) utf8::next(rest);
    std::string out(slug.substr(0, slug.size() - rest.size()));
    while (out.ends_with('-')) out.pop_back();
    return out + ending;
}

} // namespace gravity::product_catalog
