#include "sku.hpp"

#include "characters.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/utf8.hpp>

#include <algorithm>

namespace gravity::product_catalog {

bool Sku::accept(std::string_view in, std::string& out, std::string& why) {
    if (!utf8::valid(in)) {
        why = "must be valid UTF-8";
        return false;
    }
    const std::string_view trimmed = ascii::trim(in);
    if (trimmed.size() > 64 * 4) { // before any work: a code point has four bytes at most
        why = "must be 1 to 64 characters";
        return false;
    }
    out = utf8::nfc(trimmed);
    if (out.empty() || utf8::count(out) > 64) {
        why = "must be 1 to 64 characters";
        return false;
    }
    why = characters::deception(out);
    return why.empty();
}

char gtin_check_digit(std::string_view digits) {
    int sum = 0;
    int weight = 3; // of the digit next to the check digit
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
        sum += (*digit - '0') * weight;
        weight = 4 - weight;
    }
    return static_cast<char>('0' + (10 - sum % 10) % 10);
}

bool Gtin::accept(std::string_view in, std::string& out, std::string& why) {
    const bool length = in.size() == 8 || in.size() == 12 || in.size() == 13 || in.size() == 14;
    if (!length || !std::all_of(in.begin(), in.end(), ascii::is_digit)) {
        why = "must be 8, 12, 13 or 14 digits";
        return false;
    }
    const char expected = gtin_check_digit(in.substr(0, in.size() - 1));
    if (in.back() != expected) {
        why = std::string("must end with the check digit ") + expected;
        return false;
    }
    out = std::string(14 - in.size(), '0') + std::string(in);
    return true;
}

} // namespace gravity::product_catalog
