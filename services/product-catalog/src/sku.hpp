#pragma once

#include <gravity/base/text.hpp>
#include <gravity/meta/describe.hpp>

/// The codes by which variants are ordered and scanned.
namespace gravity::product_catalog {

/// A stock-keeping unit as its owner writes it: NFC, trimmed, original case. Two that differ in case only are one (citext). What cannot be told
/// apart by eye is refused, naming the code point.
class Sku : public TextValue<Sku> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<Sku>({.doc = "Stock-keeping unit; unique without regard to case", .example = "\"MUG-RED-1\"", .min = 1, .max = 64});
    }
};

/// A Global Trade Item Number (GS1 General Specifications section 3.3.2): GTIN-8, -12, -13 or -14 with its check digit. Held with 14 digits.
class Gtin : public TextValue<Gtin> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<Gtin>({.pattern = "^[0-9]{8}([0-9]{4,6})?$",
                                      .doc = "GTIN-8, -12, -13 or -14 with its check digit; answered with 14 digits",
                                      .example = "\"04006381333931\"",
                                      .min = 8,
                                      .max = 14});
    }
};

/// The check digit of the digits before it (GS1 General Specifications section 7.9): '0' to '9'.
char gtin_check_digit(std::string_view digits);

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, Sku, Gtin)
