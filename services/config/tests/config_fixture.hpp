#pragma once

#include "assembly.hpp"

#include <gravity/testkit/service.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace gravity::config {

/// The service in this process, and what most tests do with it.
class ConfigApi : public testing::Test {
protected:
    explicit ConfigApi(app::Texts settings = {}) : service(assemble(0), std::move(settings)) {}

    testkit::RunningService service;
    testkit::Callers as{service};
    const std::string configs = "/api/v1/configs";

    testkit::Answer set(const testkit::Client& who, const std::string& application, const std::string& profile = "default",
                        const std::string& label = "main") {
        return who.post(configs, {{"application", application}, {"profile", profile}, {"label", label}}).expect(201);
    }
    testkit::Answer draft(const testkit::Client& who, const std::string& set, const Json& items) {
        return who.patch(set + "/draft", {{"items", items}}).expect(200);
    }
    testkit::Answer publish(const testkit::Client& who, const std::string& set) {
        return who.post(set + "/releases", testkit::Members(Json::object())).expect(201);
    }
    /// A set with a release; its path.
    std::string published(const testkit::Client& who, const std::string& application, const std::string& profile, const Json& items,
                          const std::string& label = "main") {
        const std::string at = set(who, application, profile, label).location();
        draft(who, at, items);
        publish(who, at);
        return at;
    }
    testkit::Answer effective(const testkit::Client& who, const std::string& application, const std::string& profiles = "default",
                              const std::string& label = "main") {
        return who.get(configs + "/effective?application=" + application + "&profiles=" + profiles + "&label=" + label).expect(200);
    }
    /// The value in force of a key, and the application and profile it comes from: "8080 of shop in dev".
    static std::string where(const testkit::Answer& effective, const std::string& key) {
        const Json items = effective.at("/items");
        for (const Json& item : items.as_array()) {
            if (item.find("key")->as_string() != key) continue;
            const std::string origin = "/origins/" + std::to_string(item.find("origin")->as_integer());
            return item.find("value")->dump() + " of " + effective.text(origin + "/application") + " in " + effective.text(origin + "/profile");
        }
        return "absent";
    }
    std::string event_types() {
        std::string types;
        for (const auto& event : service.take_events()) types += event.type.substr(std::string_view("gravity.config.").size()) + " ";
        return types;
    }
    static void at_once(int count, const std::function<void(int)>& what) {
        std::vector<std::thread> threads;
        for (int i = 0; i < count; ++i) threads.emplace_back(what, i);
        for (auto& thread : threads) thread.join();
    }
};

} // namespace gravity::config
