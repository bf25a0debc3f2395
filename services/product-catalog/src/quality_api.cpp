#include "quality_api.hpp"

#include "storefront_reader.hpp"
#include "types_store.hpp"

#include <map>
#include <set>

namespace gravity::product_catalog::quality {
namespace {

using storefront::Visit;

// A visit by ourselves: the project is the caller's, and addresses do not matter.
Visit visit_of(const Tx& tx, const Settings& settings, const ListQuality& query) {
    Visit visit;
    visit.project = tx.project();
    visit.languages = settings.langs;
    visit.shop.default_lang = settings.langs.base().str();
    visit.channel = query.channel ? query.channel->str() : "";
    visit.media_base = settings.media_base_url ? settings.media_base_url->str() : "";
    return visit;
}

std::vector<storefront::Product> views_on(Tx& tx, const Visit& visit, const Page<ProductRef>& refs, const ListQuality& query, const Settings& settings) {
    std::vector<ProductId> ids;
    for (const ProductRef& ref : refs.items) ids.push_back(ref.id);
    const std::string lang = query.lang ? query.lang->str() : settings.langs.base().str();
    return storefront::views_of(tx, visit, ids, lang, storefront::all_variants);
}

// "Another product says the same": for every text of the page, who else has it.
void add_twins(Tx& tx, std::vector<SeoReport>& reports, const std::vector<storefront::Product>& products, const std::string& lang, bool base) {
    const auto text_of = [](const storefront::Product& product, std::string_view field) {
        return field == "name" ? product.title : field == "meta_title" ? product.meta_title.value_or("")
                                                                       : product.meta_description.value_or("");
    };
    constexpr std::string_view fields[] = {"name", "meta_title", "meta_description"};
    std::vector<std::string> sought[3];
    std::vector<TwinSought> translations;
    for (const auto& product : products)
        for (std::size_t i = 0; i < 3; ++i) {
            const std::string text = text_of(product, fields[i]);
            if (text.empty()) continue;
            sought[i].push_back(text);
            translations.push_back({lang, std::string(fields[i]), text});
        }
    const auto twins = base ? tx.all(base_twins, sought[0], sought[1], sought[2]) : tx.all(translated_twins, translations);
    for (std::size_t p = 0; p < products.size(); ++p)
        for (const auto field : fields) {
            const std::string text = text_of(products[p], field);
            std::set<ProductId> others;
            for (const Twin& twin : twins)
                if (twin.field == field && twin.text == text && twin.product_id.uuid() != products[p].id) others.insert(twin.product_id);
            if (others.empty()) continue;
            std::string names;
            for (const ProductId& other : others)
                if (names.size() < 400) names += (names.empty() ? "" : ", ") + other.to_string();
            reports[p].findings.push_back(
                {"duplicate_" + std::string(field), "/translations/" + lang + "/" + std::string(field), "Say what tells it from " + names, std::nullopt});
        }
}

} // namespace

Page<CompletenessOf> completeness_report(Tx& tx, Params<ListQuality> query, Given<Settings> settings) {
    const Page<ProductRow> rows = tx.page(staged_products, *query);
    std::vector<ProductId> ids;
    for (const ProductRow& row : rows.items) ids.push_back(row.id);
    std::map<ProductId, std::vector<Variant>> variants;
    for (Variant& variant : tx.all(staged_variants, ids)) variants[variant.product_id].push_back(std::move(variant));
    std::map<ProductTypeId, std::vector<AttributeDef>> types;
    Page<CompletenessOf> page;
    page.next_cursor = rows.next_cursor;
    for (const ProductRow& row : rows.items) {
        std::vector<AttributeDef> defs;
        if (row.type_id) {
            const auto known = types.find(*row.type_id);
            defs = known != types.end() ? known->second : types[*row.type_id] = tx.one(get_type, *row.type_id).attributes;
        }
        CompletenessOf one{row.id, row.staged.name, row.status, {}, {}};
        for (const Visibility& visibility : row.staged.channels) one.channels.push_back(visibility.channel);
        for (const Locale& lang : settings->langs.all())
            if (!query->lang || *query->lang == lang)
                one.languages.push_back(completeness(row.staged, variants[row.id], defs, lang, lang == settings->langs.base()));
        page.items.push_back(std::move(one));
    }
    return page;
}

Page<SeoReport> seo_reports(Tx& tx, Params<ListQuality> query, Given<Settings> settings) {
    const Page<ProductRef> refs = tx.page(published_products, *query);
    const Visit visit = visit_of(tx, *settings, *query);
    const auto products = views_on(tx, visit, refs, *query, *settings);
    Page<SeoReport> page;
    page.next_cursor = refs.next_cursor;
    for (const auto& product : products)
        page.items.push_back({ProductId(product.id), Locale::parse(product.lang).or_throw(), product.slug, product.title, seo_findings(product)});
    const Locale lang = query->lang ? *query->lang : settings->langs.base(); // whose texts are compared, though the page may be another language's
    add_twins(tx, page.items, products, lang.str(), lang == settings->langs.base());
    return page;
}

Page<AgentReadiness> agent_readiness_report(Tx& tx, Params<ListQuality> query, Given<Settings> settings) {
    const Page<ProductRef> refs = tx.page(published_products, *query);
    const Visit visit = visit_of(tx, *settings, *query);
    Page<AgentReadiness> page;
    page.next_cursor = refs.next_cursor;
    for (const auto& product : views_on(tx, visit, refs, *query, *settings)) {
        Readiness ready = agent_readiness(product);
        page.items.push_back({ProductId(product.id), product.slug, product.title, ready.score, std::move(ready.findings)});
    }
    return page;
}

} // namespace gravity::product_catalog::quality
