#include "base/domain_name.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/utf8.hpp>

#include <unicode/bytestream.h>
#include <unicode/idna.h>

#include <cstdint>
#include <memory>
#include <stdexcept>

namespace gravity::domain_name {
namespace {

const icu::IDNA& idna() {
    static const std::unique_ptr<icu::IDNA> instance = [] {
        UErrorCode status = U_ZERO_ERROR;
        std::unique_ptr<icu::IDNA> made(icu::IDNA::createUTS46Instance(
            UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_NONTRANSITIONAL_TO_UNICODE,
            status));
        if (U_FAILURE(status)) throw std::runtime_error(std::string("ICU IDNA: ") + u_errorName(status));
        return made;
    }();
    return *instance;
}

constexpr std::size_t longest = 1'024; // bytes of a name that may still have an ASCII form of 253

bool process(std::string_view name, bool ascii, std::string& out) {
    if (name.size() > longest || !utf8::valid(name)) return false;
    UErrorCode status = U_ZERO_ERROR;
    icu::IDNAInfo info;
    out.clear();
    icu::StringByteSink<std::string> sink(&out);
    const icu::StringPiece piece(name.data(), static_cast<std::int32_t>(name.size()));
    if (ascii) {
        idna().nameToASCII_UTF8(piece, sink, info, status);
    } else {
        idna().nameToUnicodeUTF8(piece, sink, info, status);
    }
    return U_SUCCESS(status) && !info.hasErrors();
}

} // namespace

bool valid_ascii(std::string_view name, Labels labels) {
    if (name.empty() || name.size() > 253) return false;
    bool encoded = false;
    std::string_view last;
    for (const std::string_view label : ascii::split(name, '.')) {
        if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
        for (const char c : label) {
            const bool fits = ascii::is_lower(c) || ascii::is_digit(c) || c == '-' ||
                              (c == '_' && labels == Labels::with_underscores);
            if (!fits) return false;
        }
        encoded = encoded || label.starts_with("xn--");
        last = label;
    }
    // A name that ends in a number is taken for an IPv4 address by some readers (WHATWG URL, "ends in a number"): not a
    // name.
    bool number = true;
    for (const char c : last) number = number && ascii::is_digit(c);
    if (last.starts_with("0x")) {
        number = true;
        for (const char c : last.substr(2)) number = number && ascii::is_hex(c);
    }
    if (number) return false;
    std::string decoded;
    return !encoded || process(name, false, decoded);
}

bool to_ascii(std::string_view name, Labels labels, std::string& out) {
    if (utf8::is_ascii(name)) {
        out = ascii::lower(name);
    } else if (!process(name, true, out)) {
        return false;
    }
    return valid_ascii(out, labels);
}

bool to_unicode(std::string_view name, std::string& out) { return process(name, false, out); }

} // namespace gravity::domain_name
