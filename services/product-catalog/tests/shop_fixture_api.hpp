#pragma once

#include "api.hpp"
#include "config.hpp"
#include "imports_job.hpp"
#include "product_catalog_migrations.hpp"

#include <gravity/testkit/service.hpp>

#include <gtest/gtest.h>

namespace gravity::product_catalog {

/// A catalogue that is open to the public: `shop.example` shows one project, `other.example` another.
class OpenCatalog : public testing::Test {
protected:
    const ProjectId project = ProjectId::fresh();
    const ProjectId other_project = ProjectId::fresh();
    testkit::RunningService service{Service{"product-catalog", 0}
                                        .settings<Settings>("CATALOG_")
                                        .postgres(product_catalog_migrations())
                                        .routes(routes)
                                        .access_keys()
                                        .job(run_import)
                                        .job(run_export),
                                    {{"CATALOG_LANGS", "en,de"},
                                     {"CATALOG_SHOP_NAME", "Cups & Co"},
                                     {"CATALOG_PUBLIC_HOSTS", "shop.example=" + project.to_string() + ",other.example=" + other_project.to_string()}}};
    testkit::Client editor = service.caller(project, service.all_scopes());
    testkit::Client stranger = service.caller(other_project, service.all_scopes());
    testkit::Client nobody{service.port(), ""};

    testkit::Call visit(std::string target, std::string host = "shop.example") {
        return nobody.get(std::move(target)).header("X-Forwarded-Host", std::move(host)).header("X-Forwarded-Proto", "https");
    }
    testkit::Answer ask(std::string path, const testkit::Members& body, std::string host = "shop.example") {
        return nobody.post(std::move(path), body).header("X-Forwarded-Host", std::move(host)).header("X-Forwarded-Proto", "https").send();
    }

    /// A published product with one variant for each SKU.
    std::string product(const testkit::Client& by, Json document, std::vector<std::string> skus) {
        const auto made = by.post("/api/v1/products", testkit::Members(std::move(document))).expect(201);
        for (const auto& sku : skus) by.post(made.location() + "/variants", {{"sku", sku}}).expect(201);
        by.post(made.location() + "/publish").expect(200);
        return made.location();
    }
    std::string mug(std::string slug = "mug", std::string sku = "MUG-1") {
        return product(editor, Json::object({{"name", "Mug"}, {"slug", slug}, {"description", "A mug"}, {"list_price", testkit::eur(1999)}}), {sku});
    }
};

} // namespace gravity::product_catalog
