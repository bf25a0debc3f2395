#pragma once

#include "languages.hpp"
#include "types_model.hpp"

/// How much of what a product ought to say it says, language by language. Pure.
namespace gravity::product_catalog {

struct Completeness {
    Locale lang;
    int score = 0;                    // share of what is wanted that is there, 0 to 100
    std::vector<std::string> missing; // places in the product's document
};
BOOST_DESCRIBE_STRUCT(Completeness, (), (lang, score, missing))

/// Wanted are name, description, meta title and description in the language itself (what a fallback lends does not count), a category, a
/// picture and its text, a price, a variant, and every attribute that the type requires; localized ones in the language.
Completeness completeness(const ProductContent& content, const std::vector<Variant>& variants, const std::vector<AttributeDef>& defs, const Locale& lang,
                          bool is_base);

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, Completeness)
