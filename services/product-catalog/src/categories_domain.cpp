#include "categories_domain.hpp"

#include "listing_domain.hpp"

#include <gravity/meta/refuse.hpp>

namespace gravity::product_catalog {

Breadcrumb breadcrumb(const Category& category, const std::vector<std::string>& chain) {
    const auto [title, slug] = titled(category, chain);
    return {category.id, title, slug};
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
