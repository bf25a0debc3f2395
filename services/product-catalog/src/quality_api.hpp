#pragma once

#include "completeness.hpp"
#include "config.hpp"
#include "quality.hpp"
#include "quality_store.hpp"

#include <gravity/handlers.hpp>
#include <gravity/http/given.hpp>

/// Handlers of the quality reports.
namespace gravity::product_catalog::quality {

struct CompletenessOf {
    ProductId product_id;
    Text<1, 200> name;
    Status status = Status::draft;
    std::vector<Key> channels; // empty: all of them
    std::vector<Completeness> languages;
};
BOOST_DESCRIBE_STRUCT(CompletenessOf, (), (product_id, name, status, channels, languages))

struct SeoReport {
    ProductId product_id;
    Locale lang;
    std::string slug;
    std::string title;
    std::vector<Finding> findings;
};
BOOST_DESCRIBE_STRUCT(SeoReport, (), (product_id, lang, slug, title, findings))

struct AgentReadiness {
    ProductId product_id;
    std::string slug;
    std::string title;
    int score = 0;
    std::vector<Finding> findings;
};
BOOST_DESCRIBE_STRUCT(AgentReadiness, (), (product_id, slug, title, score, findings))

Page<CompletenessOf> completeness_report(Tx& tx, Params<ListQuality> query, Given<Settings> settings);
Page<SeoReport> seo_reports(Tx& tx, Params<ListQuality> query, Given<Settings> settings);
Page<AgentReadiness> agent_readiness_report(Tx& tx, Params<ListQuality> query, Given<Settings> settings);

} // namespace gravity::product_catalog::quality

GRAVITY_TABLES(product_catalog::quality, CompletenessOf, SeoReport, AgentReadiness)
