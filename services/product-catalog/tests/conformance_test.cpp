#include "api.hpp"
#include "config.hpp"
#include "imports_job.hpp"
#include "product_catalog_migrations.hpp"
#include "schedule_api.hpp"

#include <gravity/base/clock.hpp>
#include <gravity/testkit/conformance.hpp>
#include <gravity/testkit/loop.hpp>

namespace gravity::product_catalog {
namespace {

using testkit::Client;

// What refers to other rows, or must fit a type, is not for a generator to guess.
testkit::ConformanceOptions::Mend without(std::vector<std::string> names) {
    return [names = std::move(names)](const Client&, Json body) {
        for (const auto& name : names) body.as_object().erase(name);
        return body;
    };
}

std::string fresh_name() { return "c-" + Uuid::v4().to_string(); }

testkit::Answer product(const Client& who, Json more = Json::object()) {
    more["name"] = "Mug";
    more["slug"] = fresh_name();
    return who.post("/api/v1/products", testkit::Members(std::move(more))).expect(201);
}

testkit::Answer published(const Client& who) {
    const auto made = product(who);
    who.post(made.location() + "/publish").expect(200);
    return made;
}

std::string with_revisions(const Client& who) {
    const auto made = published(who);
    who.patch(made.location(), {{"name", "Cup"}}).expect(200);
    who.post(made.location() + "/publish").expect(200);
    return made.location();
}

std::string with_options(const Client& who) {
    const Json axis = Json::object({{"name", "color"}, {"values", Json::array({"red", "blue", "green"})}});
    return product(who, Json::object({{"options", Json::array({axis})}})).location();
}

std::string with_variants(const Client& who) {
    const auto made = with_options(who);
    who.post(made + "/generate-variants", {{"sku_prefix", fresh_name().substr(0, 20)}}).expect(200);
    return made;
}

std::string planned(const Client& who) {
    const auto made = product(who);
    const std::string at = (now() + Duration::hours(24)).to_string();
    who.post(made.location() + "/schedule", {{"at", at}, {"action", "publish"}}).expect(201);
    return made.location() + "/schedule?at=" + http::percent_encode(at);
}

std::string picked(const Client& who) {
    const auto made = who.post("/api/v1/product-collections", {{"name", "Picked"}, {"slug", fresh_name()}}).expect(201);
    who.put(made.location() + "/products", {{"product_ids", Json::array({published(who).at("/id"), published(who).at("/id")})}}).expect(200);
    return made.location();
}

// A job that is over: while it works its row changes by itself.
std::string over(const Client& who, const std::string& collection, const testkit::Answer& started) {
    const std::string path = collection + "/" + started.text("/id");
    testkit::until([&] {
        const std::string state = who.get(path).expect(200).text("/state");
        return state != "waiting" && state != "running";
    });
    return path;
}

std::string imported(const Client& who) {
    const std::string collection = "/api/v1/product-imports";
    return over(who, collection, who.post(collection).raw("slug,name\nmug,Mug\n", "text/csv").expect(202));
}

std::string exported(const Client& who) {
    const std::string collection = "/api/v1/product-exports";
    return over(who, collection, who.post(collection, testkit::Members(Json::object())).expect(202));
}

Json with_a_product(const Client& who, Json body) {
    body["product_ids"] = Json::array({product(who).at("/id")});
    return body;
}

Json of_a_product(const Client& who, Json body) {
    body["product_id"] = product(who).at("/id");
    body.as_object().erase("patch");
    return body;
}

Json ahead(const Client&, Json body) {
    static int day = 0;
    body["at"] = (now() + Duration::hours(24 * ++day)).to_string();
    return body;
}

testkit::ConformanceOptions options() {
    const auto content = without({"attributes", "options", "categories", "channels", "links", "translations", "type_id"});
    const auto variant = without({"attributes", "options", "gtin"});
    const auto type = without({"attributes"});
    const auto category = without({"translations", "parent_id", "tree"});
    const auto collection = without({"translations", "rule"});
    testkit::ConformanceOptions o;
    o.body("POST /api/v1/products", content).body("PATCH /api/v1/products/{id}", content);
    o.body("POST /api/v1/products/{id}/variants", variant).body("PATCH /api/v1/products/{id}/variants/{variant_id}", variant);
    o.body("POST /api/v1/products/{id}/schedule", ahead);
    o.body("POST /api/v1/product-types", type).body("PATCH /api/v1/product-types/{id}", type).body("POST /api/v1/product-types/{id}/preview-change", type);
    o.body("POST /api/v1/product-categories", category)
        .body("PATCH /api/v1/product-categories/{id}", category)
        .body("POST /api/v1/product-categories/{id}/move", category);
    o.body("POST /api/v1/product-collections", collection).body("PATCH /api/v1/product-collections/{id}", collection);
    o.body("PUT /api/v1/product-collections/{id}/products", with_a_product);
    o.body("POST /api/v1/catalog-changes/preview", of_a_product);
    o.raw("POST /api/v1/product-imports", "slug,name\nmug,Mug\n", "text/csv");
    o.path("/api/v1/product-imports/{id}", imported);
    for (const std::string part : {"/bad-rows", "/report", "/cancel"})
        o.path("/api/v1/product-imports/{id}" + part, [part](const Client& who) { return imported(who) + part; });
    o.path("/api/v1/product-exports/{id}", exported);
    o.path("/api/v1/product-exports/{id}/file", [](const Client& who) { return exported(who) + "/file"; });
    o.path("GET /api/v1/products", [](const Client& who) {
        published(who);
        return std::string("/api/v1/products");
    });
    o.path("GET /api/v1/products/{id}/revisions", [](const Client& who) { return with_revisions(who) + "/revisions"; });
    o.path("POST /api/v1/products/{id}/unpublish", [](const Client& who) { return published(who).location() + "/unpublish"; });
    o.path("POST /api/v1/products/{id}/generate-variants", [](const Client& who) { return with_options(who) + "/generate-variants"; });
    o.path("GET /api/v1/products/{id}/variants", [](const Client& who) { return with_variants(who) + "/variants"; });
    o.path("GET /api/v1/variants", [](const Client&) { return std::string("/api/v1/variants?sku=none"); });
    o.path("DELETE /api/v1/products/{id}/schedule", planned);
    o.path("GET /api/v1/product-collections/{id}/products", [](const Client& who) { return picked(who) + "/products"; });
    return o;
}

INSTANTIATE_CONFORMANCE(Catalog,
                        Service{"product-catalog", 0}
                            .settings<Settings>("CATALOG_")
                            .postgres(product_catalog_migrations())
                            .routes(routes)
                            .job(schedule::run)
                            .job(run_import)
                            .job(run_export)
                            .access_keys(),
                        options())

} // namespace
} // namespace gravity::product_catalog
