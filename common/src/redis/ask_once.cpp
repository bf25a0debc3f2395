#include "redis/ask_once.hpp"

#include "redis/connection.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::redis {

Task<std::vector<Value>> ask_once(boost::asio::io_context& io, LinkSettings settings, Endpoint endpoint,
                                  std::vector<Command> commands) {
    Request request;
    for (const auto& command : commands) request.add(command);
    request.deadline = std::chrono::steady_clock::now() + settings.options.connect_timeout;
    settings.options.on_event = nullptr; // these come and go; they say nothing of the service's own connection
    // One try: what cannot be reached at once is passed over, the asker has others to ask.
    auto source = std::make_shared<FixedSource>(endpoint);
    auto owned = Connection::open(io, std::move(settings), std::move(source), false);
    Connection* connection = owned.get();
    // The connection keeps this coroutine (as the one to wake), so the coroutine must not keep the connection: a loop
    // that is destroyed meanwhile would leave both behind. The pending timer keeps it, and the loop owns that.
    boost::asio::steady_timer keeper(io, request.deadline);
    keeper.async_wait([owned](boost::system::error_code) { owned->close(); });
    owned.reset();
    Outcome outcome = co_await connection->execute(std::move(request));
    keeper.cancel();
    if (outcome.failure) throw Error(ErrorKind::unavailable, outcome.failure->message);
    co_return std::move(outcome.replies);
}

} // namespace gravity::redis
