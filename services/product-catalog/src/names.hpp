#pragma once

#include <gravity/model.hpp>

#include <map>

/// The small value types and maps that the catalog's model is made of.
namespace gravity::product_catalog {

/// Name of an attribute or option axis, usable in a query (`attr.color=red`): lower-case letters, digits and underscores.
class AttributeName : public TextValue<AttributeName> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<AttributeName>({.pattern = "^[a-z][a-z0-9_]*$",
                                               .doc = "Lower-case letters, digits and underscores; begins with a letter",
                                               .example = "\"color\"",
                                               .min = 1,
                                               .max = 60});
    }
};

/// What programs call a thing by: a type, a channel, a tree, a value of an enumeration. Compared as written.
class Key : public TextValue<Key> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<Key>({.pattern = "^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$",
                                     .doc = "Letters, digits, and single '.', '_' or '-' between them",
                                     .example = "\"web-eu\"",
                                     .min = 1,
                                     .max = 60});
    }
};

/// The last part of a page's address, in one language: letters and digits of any script, lower case where there is one (NFC), with
/// single hyphens between. A percent-encoded form is not taken: it is made when a URL is.
class PageSlug : public TextValue<PageSlug> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<PageSlug>(
            {.doc = "Lower-case letters and digits of any script, with single hyphens between", .example = "\"blue-mug\"", .min = 1, .max = 80});
    }
};

/// A text by language (BCP 47 tag). Which languages there are is a setting (CATALOG_LANGS).
template <std::size_t Max>
using Localized = std::map<std::string, Text<1, Max>, std::less<>>;

/// Values of attributes by name, each of the JSON form its kind has (attributes.hpp).
using AttributeValues = std::map<std::string, Json, std::less<>>;

/// Of a product, what tells its variants apart: {"color": "red", "size": "42"}.
using Options = std::map<std::string, Text<1, 100>, std::less<>>;

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, AttributeName, Key, PageSlug)
