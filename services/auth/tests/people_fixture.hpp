#pragma once

#include "issuer_fixture.hpp"

#include <functional>
#include <initializer_list>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace gravity::issuer {

inline const std::string bcrypt_of_correct_horse = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";
inline const std::string good_password = "correct horse battery staple";

/// Identities of the owner's project, and their passwords.
class PeopleApi : public IssuerApi {
protected:
    using IssuerApi::IssuerApi;

    static Json names(std::initializer_list<std::pair<std::string, std::string>> list) {
        Json names = Json::array();
        for (const auto& [kind, value] : list) names.push_back(Json::object({{"kind", kind}, {"value", value}}));
        return names;
    }
    testkit::Answer identity(const std::string& email, const testkit::Client& who) const {
        return who.post("/api/v1/identities", {{"login_names", names({{"email", email}})}}).expect(201);
    }
    testkit::Answer identity(const std::string& email) const { return identity(email, as.owner); }
    testkit::Call set_password(const testkit::Answer& identity, const std::string& password) const {
        return as.owner.post("/api/v1/credentials", {{"identity_id", identity.text("/id")}, {"password", password}});
    }
    testkit::Answer person(const std::string& email, const std::string& password = good_password) const {
        auto made = identity(email);
        set_password(made, password).expect(201);
        return made;
    }
    /// Somebody with a name of each kind.
    testkit::Answer ada_of_three_names() const {
        return as.owner
            .post("/api/v1/identities", {{"login_names", names({{"email", "ada@example.com"}, {"phone", "+493012345678"}, {"username", "Ada"}})}})
            .expect(201);
    }
    testkit::Call import(const testkit::Answer& identity, const std::string& hash) const {
        return as.owner.post(identity.location() + "/import", {{"password_hash", hash}});
    }
    testkit::Answer check(const std::string& name, const std::string& password, const std::string& address = "203.0.113.7") const {
        return as.owner.post("/api/v1/credentials/check", {{"login_name", name}, {"password", password}, {"address", address}}).send();
    }
    bool verified(const std::string& name, const std::string& password, const std::string& address = "203.0.113.7") const {
        return check(name, password, address).at("/verified") == Json(true);
    }
    std::string stored_hash(const testkit::Answer& identity) {
        return sql("select data ->> 'hash' from credential where identity_id = '" + identity.text("/id") + "'");
    }
    std::string sql(const std::string& statement) { return service.database().admin(statement); }

    static void at_once(int count, const std::function<void(int)>& what) {
        std::vector<std::thread> threads;
        for (int i = 0; i < count; ++i) threads.emplace_back(what, i);
        for (auto& thread : threads) thread.join();
    }
};

} // namespace gravity::issuer
