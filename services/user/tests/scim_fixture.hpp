#pragma once

#include "user_fixture.hpp"

namespace gravity::user {

/// A directory that provisions by SCIM.
class ScimApi : public UserApi {
protected:
    explicit ScimApi(app::Texts settings = {}) : UserApi(std::move(settings)) {}

    testkit::Client directory = service.caller(service.project(), "scim:write", "directory");
    inline static const std::string users = "/scim/v2/Users", groups = "/scim/v2/Groups";

    static std::string user_json(const std::string& name, const std::string& members = "") {
        return R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":")" + name + "\"" + (members.empty() ? "" : "," + members) + "}";
    }
    static std::string group_json(const std::string& name, const std::vector<std::string>& members = {}) {
        std::string list;
        for (const auto& id : members) list += (list.empty() ? "" : ",") + (R"({"value":")" + id + "\"}");
        return R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":")" + name + "\"" +
               (members.empty() ? "" : ",\"members\":[" + list + "]") + "}";
    }
    static std::string patch_json(const std::string& operations) {
        return R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[)" + operations + "]}";
    }
    testkit::Call send(const std::string& method, const std::string& path, const std::string& body) {
        return directory.call(method, path).raw(body, "application/scim+json");
    }
    testkit::Answer user(const std::string& name, const std::string& members = "") { return send("POST", users, user_json(name, members)).expect(201); }
    testkit::Answer group(const std::string& name, const std::vector<std::string>& members = {}) {
        return send("POST", groups, group_json(name, members)).expect(201);
    }
    testkit::Answer patch(const std::string& path, const std::string& operations) { return send("PATCH", path, patch_json(operations)).send(); }
    static std::string at(const testkit::Answer& resource) {
        const std::string location = resource.text("/meta/location");
        return location.substr(location.find("/scim/"));
    }
    /// Status and scimType: "409 uniqueness".
    static std::string refusal(const testkit::Answer& answer) {
        EXPECT_EQ(answer.header("Content-Type"), "application/scim+json");
        EXPECT_EQ(answer.text("/schemas/0"), "urn:ietf:params:scim:api:messages:2.0:Error");
        EXPECT_EQ(answer.text("/status"), std::to_string(answer.status()));
        const std::string type = answer.text("/scimType");
        return answer.text("/status") + (type.empty() ? "" : " " + type);
    }
    std::string names(const std::string& path, const std::string& query) { // what is found, by name
        const auto answer = directory.get(path + "?" + query).expect(200);
        std::string all;
        const Json one_list = answer.at("/Resources");
        for (const auto& one : one_list.as_array()) {
            const Json* name = one.find("userName");
            if (name == nullptr) name = one.find("displayName");
            all += (name == nullptr ? "?" : name->as_string()) + " ";
        }
        return all;
    }
    std::string filtered(const std::string& filter) { return names(users, "sortBy=userName&filter=" + http::percent_encode(filter)); }
};

} // namespace gravity::user
