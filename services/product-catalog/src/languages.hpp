#pragma once

#include <gravity/model.hpp>

#include <string_view>
#include <vector>

/// The languages of a catalogue and what stands in for what is not translated. Pure.
namespace gravity::product_catalog {

/// CATALOG_LANGS: the languages, the first being the one whose texts are at the top of a product; after '>' what to fall back on, in order:
/// "en,de,de-AT>de,fr>de>en". Without '>' a language falls back on its shorter tags (de-AT on de) that are listed. The first language ends every chain.
class Languages : public TextValue<Languages> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<Languages>(
            {.doc = "Languages with fallback chains, the first is the base: en,de,de-AT>de", .example = "\"en,de\"", .min = 2, .max = 1000});
    }

    std::vector<Locale> all() const;
    Locale base() const;
    bool has(std::string_view lang) const;
    /// The languages to be asked for a text, `lang` first and the base last. Of one that is not listed: as of the nearest shorter tag that is.
    std::vector<std::string> chain(std::string_view lang) const;
};

/// The languages of a map's keys that are not listed, or not written canonically, as faults of the field.
template <class V>
void check_languages(const Languages& languages, const std::map<std::string, V, std::less<>>& texts, std::string_view field, meta::Errors& errors) {
    for (const auto& [lang, text] : texts) {
        if (languages.has(lang)) continue;
        meta::Errors::Step step(errors, field);
        errors.reject(lang, "is not one of the languages " + languages.str());
    }
}

/// A length of calendar time for which something is kept, in whole years, months, weeks or days: "P10Y", "P18M", "P90D".
class Retention : public TextValue<Retention> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<Retention>({.pattern = "^P[1-9][0-9]{0,4}[YMWD]$",
                                           .doc = "ISO 8601 duration in whole years, months, weeks or days",
                                           .example = "\"P10Y\"",
                                           .min = 3,
                                           .max = 7});
    }
    /// The instant before which what ended is given up.
    Timestamp before(Timestamp now) const;
};

} // namespace gravity::product_catalog
