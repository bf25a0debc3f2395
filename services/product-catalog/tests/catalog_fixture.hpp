#pragma once

#include "api.hpp"
#include "config.hpp"
#include "facets_job.hpp"
#include "product_catalog_migrations.hpp"
#include "retention_job.hpp"
#include "schedule_api.hpp"

#include <gravity/testkit/service.hpp>

#include <gtest/gtest.h>

namespace gravity::product_catalog {

/// The service in this process with English as the base language and German beside it, and what tests make again and again.
class CatalogApi : public testing::Test {
protected:
    explicit CatalogApi(app::Texts settings = {})
        : service(Service{"product-catalog", 0}
                      .settings<Settings>("CATALOG_")
                      .postgres(product_catalog_migrations())
                      .routes(routes)
                      .job(schedule::run)
                      .job(pack_facets)
                      .job(forget_revisions)
                      .access_keys(),
                  with_languages(std::move(settings))) {}

    testkit::RunningService service;
    testkit::Callers as{service};

    testkit::Answer mug(std::string slug = "mug") {
        return as.owner.post("/api/v1/products", {{"name", "Mug"}, {"slug", slug}, {"list_price", testkit::eur(1999)}}).expect(201);
    }
    testkit::Answer product(Json body) { return as.owner.post("/api/v1/products", testkit::Members(std::move(body))).expect(201); }
    testkit::Answer type(std::string_view attributes, std::string key = "shoe") {
        return as.owner.post("/api/v1/product-types", {{"key", key}, {"name", "Shoe"}, {"attributes", Json::parse(attributes).or_throw()}}).expect(201);
    }
    testkit::Answer variant(const testkit::Answer& product, std::string sku, Json options = Json::object(), Json attributes = Json::object()) {
        return as.owner.post(product.location() + "/variants", {{"sku", sku}, {"options", std::move(options)}, {"attributes", std::move(attributes)}})
            .expect(201);
    }
    testkit::Answer publish(const testkit::Answer& product) { return as.owner.post(product.location() + "/publish").expect(200); }

    /// Runs a job that no route leaves.
    void run_job(const std::string& kind) {
        service.database().admin("insert into gravity.job (id, project, kind, payload, caller, due_at, max_attempts, created_at) values "
                                 "(gen_random_uuid(), '" +
                                 service.project().to_string() + "', '" + kind + "', '{}', 'test', now(), 1, now())");
        service.run_jobs_until_idle();
        EXPECT_EQ(service.database().admin("select coalesce(max(last_error), '') from gravity.job where kind = '" + kind + "' and state <> 'done'"), "");
    }

    /// "product.created product.published ": what has been announced since the last look, each with a subject.
    std::string event_types() {
        std::string types;
        for (const auto& event : service.take_events())
            types += event.type.substr(std::string_view("gravity.product_catalog.").size()) + (event.subject.empty() ? "?" : "") + " ";
        return types;
    }
    static std::string pointers(const testkit::Answer& problem) {
        std::string text;
        const Json errors = problem.at("/errors");
        for (const Json& error : errors.as_array()) text += error.find("pointer")->as_string() + " ";
        return text;
    }

private:
    static app::Texts with_languages(app::Texts settings) {
        settings.try_emplace("CATALOG_LANGS", "en,de");
        return settings;
    }
};

} // namespace gravity::product_catalog
