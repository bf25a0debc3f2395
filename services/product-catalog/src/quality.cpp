#include "quality.hpp"

#include "html.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/utf8.hpp>

#include <algorithm>

namespace gravity::product_catalog::quality {
namespace {

using storefront::Product;

// Lengths that result pages show whole; beyond them a title or description is cut.
constexpr std::size_t title_shown = 60;
constexpr std::size_t description_shown = 160;
constexpr std::size_t description_useful = 50;

class Checks {
public:
    explicit Checks(std::vector<Finding>& findings) : findings_(findings) {}

    void that(bool met, const char* code, std::string pointer, std::string fix, std::optional<Uuid> variant = std::nullopt) {
        ++made_;
        if (met)
            ++met_;
        else
            findings_.push_back({code, std::move(pointer), std::move(fix), variant});
    }
    int score() const { return made_ == 0 ? 100 : static_cast<int>(100 * met_ / made_); }

private:
    std::vector<Finding>& findings_;
    std::size_t made_ = 0;
    std::size_t met_ = 0;
};

bool has_property(const Product& product, std::string_view key) {
    return std::any_of(product.properties.begin(), product.properties.end(), [&](const auto& property) { return property.key == key; });
}

bool has_axis(const Product& product, std::string_view key) {
    return std::any_of(product.axes.begin(), product.axes.end(), [&](const auto& axis) { return axis.key == key; });
}

// A key that measures something, by the word it is or ends with: "weight", "net_weight".
bool measures(std::string_view key) {
    constexpr std::string_view words[] = {"area", "capacity", "depth", "diameter", "height", "length", "power", "volume", "weight", "width"};
    return std::any_of(std::begin(words), std::end(words), [&](std::string_view word) {
        return key == word || (key.ends_with(word) && key[key.size() - word.size() - 1] == '_');
    });
}

bool is_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789.,-") == std::string_view::npos;
}

} // namespace

Readiness agent_readiness(const Product& product) {
    Readiness out;
    Checks check(out.findings);
    check.that(product.brand.has_value(), "missing_brand", "/attributes/brand", "Give the product a text attribute named brand");
    check.that(utf8::count(html::plain_text(product.description)) >= description_useful, "short_description", "/description",
               "Describe the product in at least " + std::to_string(description_useful) + " characters");
    check.that(!product.breadcrumbs.empty(), "missing_category", "/categories", "Put the product into a category");
    check.that(!product.pictures.empty(), "missing_image", "/media", "Add a picture with an http or https URL");
    for (std::size_t i = 0; i < product.pictures.size(); ++i)
        check.that(!product.pictures[i].alt.empty(), "missing_alt_text", "/media/" + std::to_string(i) + "/alt", "Say what the picture shows");
    check.that(!product.variants.empty(), "no_variants", "/variants", "Add at least one variant: only variants can be bought");
    if (has_axis(product, "size") || has_property(product, "size"))
        check.that(has_property(product, "size_system"), "missing_size_system", "/attributes/size_system",
                   "Give the product an attribute named size_system: one of AU, BR, CN, DE, EU, FR, IT, JP, MEX, UK, US");
    for (const auto& property : product.properties)
        if (measures(property.key) && is_number(property.value))
            check.that(property.unit.has_value(), "missing_unit", "/attributes/" + property.key, "Make the attribute a measurement with a UN/ECE or UCUM unit");
    for (const storefront::Variant& variant : product.variants) {
        check.that(variant.gtin || (variant.mpn && product.brand), "missing_gtin", "/gtin",
                   "Give the variant its GTIN, or an attribute named mpn beside the brand", variant.id);
        check.that(variant.price.has_value(), "missing_price", "/list_price", "Give the variant or its product a price", variant.id);
    }
    out.score = check.score();
    return out;
}

std::vector<Finding> seo_findings(const Product& product) {
    std::vector<Finding> findings;
    Checks check(findings);
    const std::string at = "/translations/" + product.lang;
    check.that(product.meta_title.has_value(), "missing_meta_title", at + "/meta_title", "Write a title for result pages; the name stands in for it");
    check.that(product.meta_description.has_value(), "missing_meta_description", at + "/meta_description",
               "Write a description for result pages; the beginning of the text stands in for it");
    check.that(utf8::count(product.meta_title.value_or(product.title)) <= title_shown, "long_meta_title", at + "/meta_title",
               "Keep the title within " + std::to_string(title_shown) + " characters");
    if (product.meta_description) {
        const std::size_t length = utf8::count(*product.meta_description);
        check.that(length <= description_shown, "long_meta_description", at + "/meta_description",
                   "Keep the description within " + std::to_string(description_shown) + " characters");
        check.that(length >= description_useful, "short_meta_description", at + "/meta_description",
                   "Use at least " + std::to_string(description_useful) + " characters");
    }
    check.that(!html::plain_text(product.description).empty(), "missing_description", at + "/description", "Describe the product");
    // "mug-2" is what a clash leaves behind; "sku-4711" or a number alone says nothing to a reader.
    const auto hyphen = product.slug.rfind('-');
    const std::string_view last = hyphen == std::string::npos ? std::string_view{} : std::string_view(product.slug).substr(hyphen + 1);
    check.that(last.empty() || last.size() > 2 || !std::all_of(last.begin(), last.end(), ascii::is_digit) || product.title.find(last) != std::string::npos,
               "numbered_slug", at + "/slug", "Choose a slug that says what tells this product from its namesake");
    check.that(!std::all_of(product.slug.begin(), product.slug.end(), [](char c) { return ascii::is_digit(c) || c == '-'; }), "meaningless_slug", at + "/slug",
               "Choose a slug made of words");
    check.that(!product.pictures.empty() &&
                   std::all_of(product.pictures.begin(), product.pictures.end(), [](const auto& picture) { return !picture.alt.empty(); }),
               "missing_alt_text", "/media", "Give every picture a text that says what it shows");
    return findings;
}

} // namespace gravity::product_catalog::quality
