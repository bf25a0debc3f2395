#include "idle_client.hpp"

#include "session.hpp"

namespace gravity::gateway {

IdleClient::IdleClient(Core& core, Connection connection) : core_(core), connection_(std::move(connection)) { *connection_.place = this; }

IdleClient::~IdleClient() = default;

void IdleClient::start() {
    connection_.stream.socket().async_wait(Socket::wait_read, [self = shared_from_this()](boost::system::error_code) {
        if (std::exchange(self->left_, true)) return;
        // Whatever has come, its end too: the session reads it.
        std::make_shared<Session>(self->core_, std::move(self->connection_))->go_on_reading();
    });
}

void IdleClient::check(std::chrono::steady_clock::time_point now) {
    if (now >= connection_.deadline) close();
}

void IdleClient::close() {
    if (std::exchange(left_, true)) return;
    connection_.stream.close();
    core_.remove(connection_.place);
}

} // namespace gravity::gateway
