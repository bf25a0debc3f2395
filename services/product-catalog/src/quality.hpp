#pragma once

#include "storefront.hpp"

#include <gravity/model.hpp>

/// What is wrong with how a published product presents itself, and what mends it. Pure functions of what the outside sees.
namespace gravity::product_catalog::quality {

/// One thing to mend. `code` is stable, for programs; `pointer` says where in the product's document, `fix` what to do.
struct Finding {
    std::string code;
    std::string pointer;
    std::string fix;
    std::optional<Uuid> variant_id;

    friend bool operator==(const Finding&, const Finding&) = default;
};
BOOST_DESCRIBE_STRUCT(Finding, (), (code, pointer, fix, variant_id))

/// What agents and crawlers cannot read about the product: no identifier, price, picture or category, sizes without a system, measures without a
/// unit that trade knows.
struct Readiness {
    int score = 0; // share of the checks that are met, 0 to 100
    std::vector<Finding> findings;
};
Readiness agent_readiness(const storefront::Product& product);

/// What search engines would mind about one page. What only shows beside other pages (duplicates) is the report's matter.
std::vector<Finding> seo_findings(const storefront::Product& product);

} // namespace gravity::product_catalog::quality

GRAVITY_TABLES(product_catalog::quality, Finding)
