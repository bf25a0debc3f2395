#include "handles.hpp"

#include <gravity/base/utf8.hpp>

#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/idna.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uspoof.h>

#include <memory>
#include <stdexcept>

namespace gravity::user {
namespace {

constexpr std::size_t longest = 255;           // code points
constexpr std::size_t longest_skeleton = 2048; // bytes: an index of PostgreSQL takes some 2,700 of a row

void expect(UErrorCode status, std::string_view what) {
    if (U_FAILURE(status)) throw std::runtime_error("ICU " + std::string(what) + ": " + u_errorName(status));
}

icu::StringPiece piece(std::string_view text) { return {text.data(), static_cast<std::int32_t>(text.size())}; }

const icu::Normalizer2& nfkc() {
    UErrorCode status = U_ZERO_ERROR;
    const auto* normalizer = icu::Normalizer2::getNFKCInstance(status);
    expect(status, "normalisation");
    return *normalizer;
}

// RFC 8265 section 3.3.1: full-width and half-width characters become what they are made of.
std::string width_mapped(std::string_view text) {
    std::string out;
    while (const auto next = utf8::next(text)) {
        const auto code = static_cast<UChar32>(*next);
        const auto type = u_getIntPropertyValue(code, UCHAR_DECOMPOSITION_TYPE);
        icu::UnicodeString wide;
        if ((type == U_DT_WIDE || type == U_DT_NARROW) && nfkc().getRawDecomposition(code, wide))
            wide.toUTF8String(out);
        else
            utf8::append(out, *next);
    }
    return out;
}

std::string lowered(std::string_view text) {
    std::string out;
    icu::StringByteSink<std::string> sink(&out, static_cast<std::int32_t>(text.size()));
    UErrorCode status = U_ZERO_ERROR;
    icu::CaseMap::utf8ToLower("", 0, piece(text), sink, nullptr, status);
    expect(status, "lower case");
    return out;
}

bool has_compatible_equivalent(UChar32 code) { // RFC 8264 section 9.17
    const icu::UnicodeString one(code);
    UErrorCode status = U_ZERO_ERROR;
    const icu::UnicodeString mapped = nfkc().normalize(one, status);
    expect(status, "normalisation");
    return mapped != one;
}

// The IdentifierClass of RFC 8264 section 4.2, by the steps of section 8.
bool is_identifier(UChar32 code) {
    switch (code) {
    case 0x00DF:
    case 0x03C2:
    case 0x06FD:
    case 0x06FE:
    case 0x0F0B:
    case 0x3007: return true;
    case 0x0640:
    case 0x07FA:
    case 0x302E:
    case 0x302F:
    case 0x303B: return false;
    default: break;
    }
    if (code >= 0x3031 && code <= 0x3035) return false;
    if (code >= 0x21 && code <= 0x7E) return true;
    if (u_hasBinaryProperty(code, UCHAR_DEFAULT_IGNORABLE_CODE_POINT)) return false;
    const auto hangul = u_getIntPropertyValue(code, UCHAR_HANGUL_SYLLABLE_TYPE);
    if (hangul == U_HST_LEADING_JAMO || hangul == U_HST_VOWEL_JAMO || hangul == U_HST_TRAILING_JAMO) return false;
    constexpr std::uint32_t letters_and_digits = U_GC_LL_MASK | U_GC_LU_MASK | U_GC_LO_MASK | U_GC_ND_MASK | U_GC_LM_MASK | U_GC_MN_MASK | U_GC_MC_MASK;
    return (U_GET_GC_MASK(code) & letters_and_digits) != 0 && !has_compatible_equivalent(code);
}

bool are_identifiers(std::string_view text) {
    while (const auto code = utf8::next(text))
        if (!is_identifier(static_cast<UChar32>(*code))) return false;
    return true;
}

// RFC 5893 section 2, for texts that have a character written from right to left.
bool keeps_bidi_rule(const icu::UnicodeString& text) {
    bool right_to_left = false;
    for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
        const auto direction = u_charDirection(text.char32At(i));
        right_to_left |= direction == U_RIGHT_TO_LEFT || direction == U_RIGHT_TO_LEFT_ARABIC || direction == U_ARABIC_NUMBER;
    }
    if (!right_to_left) return true;
    const auto first = u_charDirection(text.char32At(0));
    if (first != U_RIGHT_TO_LEFT && first != U_RIGHT_TO_LEFT_ARABIC) return false;
    bool european = false, arabic = false;
    auto last = first;
    for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
        const auto direction = u_charDirection(text.char32At(i));
        if (direction == U_LEFT_TO_RIGHT) return false;
        european |= direction == U_EUROPEAN_NUMBER;
        arabic |= direction == U_ARABIC_NUMBER;
        if (direction != U_DIR_NON_SPACING_MARK) last = direction;
    }
    const bool ends_well = last == U_RIGHT_TO_LEFT || last == U_RIGHT_TO_LEFT_ARABIC || last == U_EUROPEAN_NUMBER || last == U_ARABIC_NUMBER;
    return ends_well && !(european && arabic);
}

struct Close {
    void operator()(USpoofChecker* checker) const { uspoof_close(checker); }
};
using Spoof = std::unique_ptr<USpoofChecker, Close>;

Spoof make_spoof() {
    UErrorCode status = U_ZERO_ERROR;
    Spoof made(uspoof_open(&status));
    expect(status, "uspoof");
    uspoof_setRestrictionLevel(made.get(), USPOOF_HIGHLY_RESTRICTIVE);
    uspoof_setChecks(made.get(), USPOOF_RESTRICTION_LEVEL | USPOOF_INVISIBLE | USPOOF_MIXED_NUMBERS | USPOOF_HIDDEN_OVERLAY, &status);
    expect(status, "uspoof");
    return made;
}

const USpoofChecker* spoof() { // const ones may be used from every thread
    static const Spoof made = make_spoof();
    return made.get();
}

} // namespace

std::string handle_key(std::string_view text) { return utf8::nfc(lowered(width_mapped(text))); }

std::optional<std::string> accept_handle(std::string_view text, std::string& why) {
    if (!utf8::valid(text)) {
        why = "must be valid UTF-8";
        return std::nullopt;
    }
    if (text.empty() || utf8::count(text) > longest) {
        why = "must have 1 to 255 characters";
        return std::nullopt;
    }
    std::string kept = utf8::nfc(width_mapped(text));
    const std::string key = handle_key(text);
    if (utf8::count(kept) > longest || utf8::count(key) > longest) {
        why = "must have 1 to 255 characters";
        return std::nullopt;
    }
    if (!are_identifiers(key) || !keeps_bidi_rule(icu::UnicodeString::fromUTF8(piece(key)))) {
        why = "must be letters, digits and ASCII punctuation without white space, written in one direction";
        return std::nullopt;
    }
    UErrorCode status = U_ZERO_ERROR;
    const auto found = uspoof_checkUTF8(spoof(), key.data(), static_cast<std::int32_t>(key.size()), nullptr, &status);
    expect(status, "uspoof");
    if (found != 0) {
        why = "must not mix scripts or kinds of digits";
        return std::nullopt;
    }
    if (handle_skeleton(key).size() > longest_skeleton) {
        why = "must be shorter: written out as what it looks like, it is too long";
        return std::nullopt;
    }
    return kept;
}

std::string handle_skeleton(std::string_view key) {
    const auto source = icu::UnicodeString::fromUTF8(piece(key));
    icu::UnicodeString skeleton;
    UErrorCode status = U_ZERO_ERROR;
    uspoof_getSkeletonUnicodeString(spoof(), 0, source, skeleton, &status);
    expect(status, "skeleton");
    std::string out;
    skeleton.toUTF8String(out);
    return out;
}

std::optional<std::string> ascii_host(std::string_view host) {
    UErrorCode status = U_ZERO_ERROR;
    static const std::unique_ptr<const icu::IDNA> idna(icu::IDNA::createUTS46Instance(
        UIDNA_USE_STD3_RULES | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | UIDNA_NONTRANSITIONAL_TO_ASCII, status));
    expect(status, "IDNA");
    icu::IDNAInfo info;
    std::string out;
    icu::StringByteSink<std::string> sink(&out);
    idna->nameToASCII_UTF8(piece(host), sink, info, status);
    if (U_FAILURE(status) || info.hasErrors()) return std::nullopt;
    return out;
}

} // namespace gravity::user
