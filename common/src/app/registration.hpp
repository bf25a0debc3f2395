#pragma once

#include <gravity/app/service.hpp>
#include <gravity/json/json.hpp>

#include <memory>
#include <string>

namespace gravity::app {

/// Where and as what to register: the Consul agent API.
struct RegistrationPlan {
    std::string url;   // of the agent, "http://127.0.0.1:8500"
    std::string token; // ACL token, may be empty
    std::string id;    // of this instance
    Json document;     // body of PUT /v1/agent/service/register
};
RegistrationPlan registration_of(const Definition& definition, const PlatformSettings& settings, const Router& router, std::uint16_t port);

/// Keeps this instance registered: again and again, so that an agent that lost its state gets it back. I/O thread only.
class Registration {
public:
    Registration(boost::asio::io_context& io, RegistrationPlan plan);
    ~Registration();

    void start(); // idempotent
    /// Deregisters; gives up after 2 s, for the agent's own check will notice too.
    Task<void> stop();

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace gravity::app
