#pragma once

#include "api.hpp"
#include "layout.hpp"

#include <gravity/json/json.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A registry without I/O: commands are evaluated, "committed" to a map, and applied at once.
namespace gravity::registry::test {

struct World {
    Model model;
    MemoryStore store;
    api::BodyCache cache;
    api::Agent agent{"node1", "11111111-1111-4111-8111-111111111111", "10.0.0.1", "dc1", "1.22.0", 8500, "host1"};
    std::int64_t now_us = 1'000'000'000;
    std::set<std::string> touched; // by the last command
    std::optional<Acl> acl;        // none: no access rules
    std::string secret;            // of the requests
    std::string sender;            // their address

    Reply run(const Command& command) {
        View view(model);
        Reply reply = evaluate(command, view, now_us);
        touched.clear();
        if (!view.changes().empty()) store.commit(layout::writes_of(view.changes(), view.index()));
        model.apply(view.changes(), touched);
        return reply;
    }

    struct Answered {
        int status = 0;
        std::string body;
        std::int64_t index = 0;
        bool filtered = false;
        Json json() const { return Json::parse(body).or_throw(); }
        std::string text(std::string_view pointer) const { return at(pointer).as_string(); }
        Json at(std::string_view pointer) const {
            const Json document = json();
            const Json* found = document.at_pointer(pointer);
            return found == nullptr ? Json() : *found;
        }
    };
    /// `target` as on the wire, e.g. "/v1/kv/a?raw".
    Answered call(http::Method method, std::string_view target, std::string_view body = {}) {
        const auto mark = target.find('?');
        const std::string_view path = target.substr(0, mark);
        const std::string_view query = mark == std::string_view::npos ? "" : target.substr(mark + 1);
        try {
            const api::Context context{model, agent, cache, access(), acl ? &*acl : nullptr, secret};
            api::Call call = api::parse_call(method, path, query, body);
            call.sender = sender;
            api::Plan plan = api::decide(context, std::move(call));
            if (const auto* read = std::get_if<api::ReadPlan>(&plan)) {
                const api::Answer answer = read->answer(model);
                const std::int64_t index = read->index ? static_cast<std::int64_t>(read->index(model)) : model.index_of(read->watched);
                return {answer.status, answer.body, index, answer.filtered};
            }
            if (const auto* write = std::get_if<api::WritePlan>(&plan)) {
                const api::Answer answer = write->answer(run(write->command));
                return {answer.status, answer.body, 0, answer.filtered};
            }
            if (std::holds_alternative<api::MonitorPlan>(plan)) return {200, "a stream"};
            const auto& answer = std::get<api::Answer>(plan);
            return {answer.status, answer.body, 0, answer.filtered};
        } catch (const api::ApiError& error) {
            return {error.status, error.what()};
        }
    }
    Access access() {
        if (!acl) return {};
        try {
            return acl->access_of(model, secret, now_us);
        } catch (const UnknownToken& unknown) {
            return Access::unknown(unknown.what());
        }
    }
    Answered get(std::string_view target) { return call(http::Method::get, target); }
    Answered put(std::string_view target, std::string_view body = {}) { return call(http::Method::put, target, body); }
    Answered post(std::string_view target, std::string_view body = {}) { return call(http::Method::post, target, body); }
    Answered del(std::string_view target) { return call(http::Method::delete_, target); }

    void register_web(std::string_view id, int port, std::string_view more = {}) {
        const std::string body = "{\"Name\":\"web\",\"ID\":\"" + std::string(id) + "\",\"Address\":\"10.0.0.1\",\"Port\":" + std::to_string(port) +
                                 std::string(more) + "}";
        const Answered answer = put("/v1/agent/service/register", body);
        EXPECT_EQ(answer.status, 200) << answer.body;
    }
};

} // namespace gravity::registry::test
