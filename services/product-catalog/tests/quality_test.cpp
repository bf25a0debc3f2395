#include "quality.hpp"
#include "shop_fixture.hpp"

#include <gtest/gtest.h>

namespace gravity::product_catalog::quality {
namespace {

using storefront::mug;
using storefront::shoe;

std::string codes(const std::vector<Finding>& findings) {
    std::string out;
    for (const Finding& finding : findings) {
        out += finding.code + " ";
        EXPECT_FALSE(finding.fix.empty()) << finding.code;
        EXPECT_TRUE(finding.pointer.starts_with('/')) << finding.code;
    }
    return out;
}

storefront::Product perfect() {
    storefront::Product p = mug();
    p.brand = "Clayworks";
    p.description = "A mug of clay, thrown by hand in a small workshop and fired twice.";
    p.meta_title = "Mug of clay";
    p.meta_description = "A mug of clay, thrown by hand in a small workshop and fired twice.";
    p.breadcrumbs = {{{"Cups", "/c/en/cups"}}};
    return p;
}

TEST(AgentReadiness, APerfectProductScoresAHundred) {
    const Readiness ready = agent_readiness(perfect());
    EXPECT_EQ(codes(ready.findings), "");
    EXPECT_EQ(ready.score, 100);
}

TEST(AgentReadiness, EachGapIsNamedWithItsFix) {
    storefront::Product p = perfect();
    p.brand.reset();
    p.description = "Mug";
    p.breadcrumbs.clear();
    p.pictures[0].alt.clear();
    p.variants[0].gtin.reset();
    p.variants[0].price.reset();
    p.properties = {{"net_weight", "Weight", "300", std::nullopt}, {"size", "Size", "L", std::nullopt}};
    const Readiness ready = agent_readiness(p);
    EXPECT_EQ(codes(ready.findings),
              "missing_brand short_description missing_category missing_alt_text missing_size_system missing_unit missing_gtin missing_price ");
    EXPECT_EQ(ready.findings[6].variant_id, p.variants[0].id);
    EXPECT_EQ(ready.score, 20); // there is a picture and a variant; eight of ten are not met
}

TEST(AgentReadiness, BrandAndPartNumberStandForAGtin) {
    storefront::Product p = perfect();
    p.variants[0].gtin.reset();
    p.variants[0].mpn = "CW-1";
    EXPECT_EQ(codes(agent_readiness(p).findings), "");
    p.brand.reset();
    EXPECT_EQ(codes(agent_readiness(p).findings), "missing_brand missing_gtin ");
}

TEST(AgentReadiness, NothingToBuyIsAFinding) {
    storefront::Product p = perfect();
    p.variants.clear();
    p.pictures.clear();
    EXPECT_EQ(codes(agent_readiness(p).findings), "missing_image no_variants ");
}

TEST(Seo, APerfectPageHasNoFindings) { EXPECT_EQ(codes(seo_findings(perfect())), ""); }

TEST(Seo, WhatResultPagesWouldMind) {
    storefront::Product p = perfect();
    p.meta_title.reset();
    p.meta_description.reset();
    p.description = "<script>x</script>";
    p.title = std::string(61, 'a');
    EXPECT_EQ(codes(seo_findings(p)), "missing_meta_title missing_meta_description long_meta_title missing_description ");
    p = perfect();
    p.meta_description = std::string(161, 'a');
    EXPECT_EQ(codes(seo_findings(p)), "long_meta_description ");
    p.meta_description = "short";
    EXPECT_EQ(codes(seo_findings(p)), "short_meta_description ");
    p = perfect();
    p.pictures.push_back({"https://cdn.example/2.jpg", ""});
    EXPECT_EQ(codes(seo_findings(p)), "missing_alt_text ");
}

TEST(Seo, SlugsShouldSaySomething) {
    storefront::Product p = perfect();
    p.slug = "mug-2";
    EXPECT_EQ(codes(seo_findings(p)), "numbered_slug ");
    p.title = "Mug No. 2";
    EXPECT_EQ(codes(seo_findings(p)), "");
    p.slug = "4711-0815";
    EXPECT_EQ(codes(seo_findings(p)), "meaningless_slug ");
    p.slug = "bottle-330";
    EXPECT_EQ(codes(seo_findings(p)), "");
}

} // namespace
} // namespace gravity::product_catalog::quality
