#include "categories_domain.hpp"

#include "faults.hpp"

namespace gravity::product_catalog {

Breadcrumb breadcrumb(const Category& category, const std::vector<std::string>& chain) {
    Breadcrumb crumb{category.id, category.name, category.slug};
    bool named = false, slugged = false;
    for (const auto& lang : chain) {
        const auto translation = category.translations.find(lang);
        if (translation == category.translations.end()) continue;
        if (!named && translation->second.name) {
            crumb.name = *translation->second.name;
            named = true;
        }
        if (!slugged && translation->second.slug) {
            crumb.slug = *translation->second.slug;
            slugged = true;
        }
    }
    return crumb; // the chain ends in the base language, whose texts are the category's own
}

std::vector<SlugOf> slugs_of(const CategoryEdit& category, const Languages& languages) {
    std::vector<SlugOf> slugs{{languages.base(), category.slug}};
    for (const auto& [lang, translation] : category.translations)
        if (translation.slug && languages.has(lang)) slugs.push_back({Locale::parse(lang).or_throw(), *translation.slug});
    return slugs;
}

void check_category(const CategoryEdit& category, const Settings& settings) {
    meta::Errors errors;
    check_languages(settings.langs, category.translations, "translations", errors);
    if (category.translations.contains(settings.langs.base().view())) {
        meta::Errors::Step step(errors, "translations");
        errors.reject(settings.langs.base().view(), "is the base language: its texts are at the top");
    }
    refuse_if_any(errors);
}

} // namespace gravity::product_catalog
