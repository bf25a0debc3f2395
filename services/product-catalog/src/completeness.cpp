#include "completeness.hpp"

#include <algorithm>

namespace gravity::product_catalog {
namespace {

class Count {
public:
    explicit Count(std::vector<std::string>& missing) : missing_(missing) {}
    void want(bool there, std::string pointer) {
        ++wanted_;
        if (!there) missing_.push_back(std::move(pointer));
    }
    int score() const { return static_cast<int>(100 * (wanted_ - missing_.size()) / wanted_); }

private:
    std::vector<std::string>& missing_;
    std::size_t wanted_ = 0;
};

bool has_value(const AttributeDef& def, const AttributeValues& values, std::string_view lang) {
    const auto found = values.find(def.name.view());
    if (found == values.end() || found->second.is_null()) return false;
    return def.kind != AttributeKind::localized_text || found->second.find(lang) != nullptr;
}

} // namespace

Completeness completeness(const ProductContent& content, const std::vector<Variant>& variants, const std::vector<AttributeDef>& defs, const Locale& lang,
                          bool is_base) {
    Completeness out;
    out.lang = lang;
    Count count(out.missing);

    const auto found = content.translations.find(lang.view());
    static const Translation nothing;
    const Translation& own = found == content.translations.end() ? nothing : found->second;
    const std::string at = is_base ? "/" : "/translations/" + lang.str() + "/";
    count.want(is_base || own.name, at + "name");
    count.want(is_base ? content.description.has_value() : own.description.has_value(), at + "description");
    count.want(is_base ? content.meta_title.has_value() : own.meta_title.has_value(), at + "meta_title");
    count.want(is_base ? content.meta_description.has_value() : own.meta_description.has_value(), at + "meta_description");

    count.want(!content.categories.empty(), "/categories");
    count.want(!content.media.empty(), "/media");
    for (std::size_t i = 0; i < content.media.size(); ++i)
        count.want(content.media[i].alt.contains(lang.view()), "/media/" + std::to_string(i) + "/alt/" + lang.str());

    count.want(!variants.empty(), "/variants");
    if (!content.list_price)
        for (const Variant& variant : variants) count.want(variant.list_price.has_value(), "/variants/" + variant.id.to_string() + "/list_price");
    for (const AttributeDef& def : defs) {
        if (!def.required) continue;
        if (!def.per_variant) {
            count.want(has_value(def, content.attributes, lang.view()), "/attributes/" + def.name.str());
            continue;
        }
        for (const Variant& variant : variants)
            count.want(variant.options.contains(def.name.view()) || has_value(def, variant.attributes, lang.view()),
                       "/variants/" + variant.id.to_string() + "/attributes/" + def.name.str());
    }
    out.score = count.score();
    return out;
}

} // namespace gravity::product_catalog
