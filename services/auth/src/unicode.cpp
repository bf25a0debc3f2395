#include "unicode.hpp"

#include <gravity/base/utf8.hpp>

#include <unicode/bytestream.h>
#include <unicode/idna.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>

#include <memory>
#include <stdexcept>

namespace gravity::issuer::unicode {
namespace {

void expect(UErrorCode status, std::string_view what) {
    if (U_FAILURE(status)) throw std::runtime_error("ICU " + std::string(what) + ": " + u_errorName(status));
}

icu::StringPiece piece(std::string_view text) { return {text.data(), static_cast<std::int32_t>(text.size())}; }

std::string normalized(const icu::Normalizer2* normalizer, std::string_view text, UErrorCode status) {
    std::string out;
    icu::StringByteSink<std::string> sink(&out, static_cast<std::int32_t>(text.size()));
    if (U_SUCCESS(status)) normalizer->normalizeUTF8(0, piece(text), sink, nullptr, status);
    expect(status, "normalisation");
    return out;
}

std::unique_ptr<const icu::IDNA> make_idna() {
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<const icu::IDNA> made(
        icu::IDNA::createUTS46Instance(UIDNA_USE_STD3_RULES | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | UIDNA_NONTRANSITIONAL_TO_ASCII, status));
    expect(status, "IDNA");
    return made;
}

} // namespace

std::string nfkc(std::string_view text) {
    UErrorCode status = U_ZERO_ERROR;
    return normalized(icu::Normalizer2::getNFKCInstance(status), text, status);
}

std::string nfkc_casefold(std::string_view text) {
    UErrorCode status = U_ZERO_ERROR;
    return normalized(icu::Normalizer2::getNFKCCasefoldInstance(status), text, status);
}

std::optional<std::string> ascii_host(std::string_view host) {
    static const std::unique_ptr<const icu::IDNA> idna = make_idna();
    UErrorCode status = U_ZERO_ERROR;
    icu::IDNAInfo info;
    std::string out;
    icu::StringByteSink<std::string> sink(&out);
    idna->nameToASCII_UTF8(piece(host), sink, info, status);
    if (U_FAILURE(status) || info.hasErrors()) return std::nullopt;
    return out;
}

bool is_one_word(std::string_view text) {
    while (const auto c = utf8::next(text)) {
        const auto code = static_cast<UChar32>(*c);
        if (u_isUWhiteSpace(code) || (U_GET_GC_MASK(code) & (U_GC_C_MASK & ~U_GC_CF_MASK)) != 0) return false;
    }
    return true;
}

} // namespace gravity::issuer::unicode
