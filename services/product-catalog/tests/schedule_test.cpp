#include "catalog_fixture.hpp"

#include <gravity/base/clock.hpp>

#include <chrono>
#include <thread>

namespace gravity::product_catalog {
namespace {

class Schedules : public CatalogApi {
protected:
    testkit::Answer plan(const testkit::Answer& product, Timestamp at, std::string action = "publish") {
        return as.owner.post(product.location() + "/schedule", {{"at", at.to_string()}, {"action", action}}).expect(201);
    }
    // Waits until nothing is waiting any more; what became of each entry, the last first.
    std::string outcome(const testkit::Answer& product) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (std::chrono::steady_clock::now() < deadline) {
            std::string states;
            const Json items = as.owner.get(product.location() + "/schedule").expect(200).at("/items");
            for (const Json& item : items.as_array())
                states += item.find("state")->as_string() + (item.find("problem") ? "(" + item.find("problem")->as_string() + ")" : "") + " ";
            if (states.find("waiting") == std::string::npos) return states;
            std::this_thread::sleep_for(std::chrono::milliseconds(10)); // polled: a job has no other sign from outside
        }
        return "still waiting";
    }
};

TEST_F(Schedules, PublishAndWithdrawOnceAtTheirTimes) {
    const auto p = mug();
    service.take_events();
    const Timestamp soon = now() + Duration::milliseconds(200);
    plan(p, soon);
    plan(p, soon + Duration::milliseconds(200), "unpublish");
    EXPECT_EQ(outcome(p), "done done ");
    EXPECT_EQ(event_types(), "product.published product.unpublished ");
    as.owner.get(p.location()).expect(200).field("/status", "draft").field("/revision", 1);
}

TEST_F(Schedules, OneInstantIsPlannedOnce) {
    const auto p = mug();
    const Timestamp later = now() + Duration::hours(1);
    plan(p, later);
    as.owner.post(p.location() + "/schedule", {{"at", later.to_string()}, {"action", "unpublish"}}).expect_problem(409, "scheduled-already");
    as.owner.post(p.location() + "/schedule", {{"at", "2020-01-01T00:00:00Z"}, {"action", "publish"}}).expect_problem(422, "in-the-past");
    as.owner.del(p.location() + "/schedule?at=" + later.to_string()).expect(204);
    as.owner.del(p.location() + "/schedule?at=" + later.to_string()).expect_problem(404, "not-found");
    as.stranger.get(p.location() + "/schedule").expect_problem(404, "not-found");
}

TEST_F(Schedules, WhatHasBecomeImpossibleIsKeptForTheEditors) {
    const auto p = mug();
    plan(p, now() + Duration::milliseconds(50), "unpublish");
    EXPECT_EQ(outcome(p), "failed(not-active: Only an active product can be unpublished) ");
}

TEST_F(Schedules, ACancelledOneDoesNothing) {
    const auto p = mug();
    const Timestamp soon = now() + Duration::milliseconds(300);
    plan(p, soon);
    as.owner.del(p.location() + "/schedule?at=" + soon.to_string()).expect(204);
    const auto other = mug("other");
    plan(other, soon + Duration::milliseconds(1)); // when this has happened, the cancelled one's time has passed
    EXPECT_EQ(outcome(other), "done ");
    as.owner.get(p.location()).expect(200).field("/status", "draft").field("/revision", 0);
}

} // namespace
} // namespace gravity::product_catalog
