#pragma once

#include "project_fixture.hpp"

#include <gravity/base/clock.hpp>

namespace gravity::project {

/// What is measured, and those who measure it: their tokens are of the measured project.
class UsageApi : public ProjectApi {
protected:
    using ProjectApi::ProjectApi;
    testkit::Answer acme = organization(ada), shop = project(ada, acme);
    const ProjectId shop_id = ProjectId::parse(shop.text("/id")).or_throw();
    testkit::Client worker = of(shop_id);

    testkit::Client of(ProjectId who, std::string_view scopes = "meters:write projects:admin") { return service.caller(who, scopes, "worker"); }
    /// Ada, without what lets her sell plans.
    testkit::Client owner() { return service.caller(service.project(), "projects:admin meters:write", "ada"); }

    testkit::Answer meter(const testkit::Client& who, const std::string& slug = "tokens", const std::string& aggregation = "sum", Json more = Json::object()) {
        Json body = Json::object({{"slug", slug}, {"event_type", "model.called"}, {"aggregation", aggregation}});
        if (aggregation != "count") body["value_path"] = "$.tokens";
        return who.post("/api/v1/meters", testkit::Members(merge_patch(std::move(body), more))).expect(201);
    }
    static Json event(const std::string& id, Json data, const std::string& time = {}, const std::string& subject = "user-1") {
        Json event =
            Json::object({{"specversion", "1.0"}, {"id", id}, {"source", "api"}, {"type", "model.called"}, {"subject", subject}, {"data", std::move(data)}});
        if (!time.empty()) event["time"] = time;
        return event;
    }
    static Json tokens(Json count) { return Json::object({{"tokens", std::move(count)}}); }
    static testkit::Call report(const testkit::Client& who, const Json& events) {
        const char* const type = events.is_array() ? "application/cloudevents-batch+json" : "application/cloudevents+json";
        return who.post("/openmeter/api/v1/events").raw(events.dump(), type);
    }
    /// Whoever has waited for too long is told to send it again, which counts nothing twice.
    static int status_at_last(const testkit::Call& call) {
        int status = 503;
        for (int i = 0; i < 20 && status == 503; ++i) status = call.send().status();
        return status;
    }
    /// All that a meter has counted.
    static Json total(const testkit::Client& who, const std::string& slug = "tokens") {
        return who.get("/api/v1/meters/" + slug + "/query").expect(200).at("/items/0/value");
    }
    static Json limit(double most, const std::string& period = "ever") { return Json::object({{"limit", most}, {"period", period}}); }
    std::string quotas() const { return shop.location() + "/quotas"; }
    std::string reservation(const std::string& id = Uuid::v7().to_string(), const std::string& slug = "tokens") const {
        return quotas() + "/" + slug + "/reservations/" + id;
    }
    static testkit::Call reserve(const testkit::Client& who, const std::string& at, double amount) { return who.put(at, {{"amount", amount}}); }
};

} // namespace gravity::project
