#include "characters.hpp"

#include <gravity/base/utf8.hpp>

#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/uspoof.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

namespace gravity::product_catalog::characters {
namespace {

std::string named(char32_t c) { // "U+0410 CYRILLIC CAPITAL LETTER A"
    char name[120];
    UErrorCode status = U_ZERO_ERROR;
    const auto length = u_charName(static_cast<UChar32>(c), U_EXTENDED_CHAR_NAME, name, sizeof name, &status);
    char code[16];
    std::snprintf(code, sizeof code, "U+%04X", static_cast<unsigned>(c));
    return std::string(code) + (U_SUCCESS(status) && length > 0 ? " " + std::string(name, static_cast<std::size_t>(length)) : "");
}

bool invisible(char32_t c) {
    const auto code = static_cast<UChar32>(c);
    if (u_hasBinaryProperty(code, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) || u_iscntrl(code)) return true;
    return c != U' ' && u_isUWhiteSpace(code); // a no-break space reads like a plain one
}

// The text as its look-alikes are all brought to one (UTS 39 section 4).
std::string skeleton(std::string_view text) {
    UErrorCode status = U_ZERO_ERROR;
    static const std::unique_ptr<USpoofChecker, decltype(&uspoof_close)> checker(uspoof_open(&status), &uspoof_close);
    std::string out(text.size() * 4 + 16, '\0');
    const auto length = uspoof_getSkeletonUTF8(checker.get(), 0, text.data(), static_cast<std::int32_t>(text.size()), out.data(),
                                               static_cast<std::int32_t>(out.size()), &status);
    if (U_FAILURE(status)) throw std::runtime_error(std::string("ICU skeleton: ") + u_errorName(status));
    out.resize(static_cast<std::size_t>(length));
    return out;
}

UScriptCode script_of(char32_t c) {
    UErrorCode status = U_ZERO_ERROR;
    return uscript_getScript(static_cast<UChar32>(c), &status);
}

bool shared(UScriptCode script) { return script == USCRIPT_COMMON || script == USCRIPT_INHERITED; }

} // namespace

bool is_slug_character(char32_t code_point) {
    const auto c = static_cast<UChar32>(code_point);
    return (u_isalnum(c) && !u_isupper(c) && !u_istitle(c)) || (U_GET_GC_MASK(c) & U_GC_M_MASK) != 0;
}

std::string lower(std::string_view text) {
    UErrorCode status = U_ZERO_ERROR;
    std::string out;
    icu::StringByteSink<std::string> sink(&out, static_cast<std::int32_t>(text.size()));
    icu::CaseMap::utf8ToLower("", 0, icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())), sink, nullptr, status);
    if (U_FAILURE(status)) throw std::runtime_error(std::string("ICU lower case: ") + u_errorName(status));
    return out;
}

std::string deception(std::string_view text) {
    bool latin = false;
    for (std::string_view rest = text; !rest.empty();) {
        const char32_t c = *utf8::next(rest);
        if (invisible(c)) return "must not contain the invisible character " + named(c);
        latin = latin || script_of(c) == USCRIPT_LATIN;
    }
    if (utf8::is_ascii(text)) return {};
    // A whole word of look-alikes ("СОР" in Cyrillic) is as good a trap as a single one.
    const bool passes_for_ascii = utf8::is_ascii(skeleton(text));
    for (std::string_view rest = text; !rest.empty();) {
        const char32_t c = *utf8::next(rest);
        if (c < 0x80) continue;
        const UScriptCode script = script_of(c);
        const bool foreign =
            latin && !shared(script) &&
            (script == USCRIPT_CYRILLIC || script == USCRIPT_GREEK || script == USCRIPT_ARMENIAN || script == USCRIPT_CHEROKEE || script == USCRIPT_COPTIC);
        if (passes_for_ascii || foreign) return "must not contain " + named(c) + ", which passes for another character";
    }
    return {};
}

} // namespace gravity::product_catalog::characters
