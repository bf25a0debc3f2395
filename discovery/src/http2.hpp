#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

/// As much of HTTP/2 and gRPC as health checks need: a PING, and one unary call. A state machine over nghttp2: bytes in, bytes out, no I/O.
namespace gravity::registry::http2 {

/// What came of a call.
struct Outcome {
    int http_status = 0;
    std::optional<int> grpc_status; // of the trailers
    std::string grpc_message;       // percent-encoded, as it came
    std::string content_type;
    std::string body;
};

class Session {
public:
    Session();
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void ping();
    /// POST of one length-prefixed message (gRPC over HTTP/2).
    void call(std::string scheme, std::string authority, std::string path, std::string message);

    /// What is to be sent now.
    std::string output();
    /// False if it breaks the protocol, or says more than a health check has to say.
    bool feed(std::string_view bytes);

    bool answered_ping() const;
    /// When the call is over, however it ended.
    const std::optional<Outcome>& outcome() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// grpc.health.v1
std::string health_request(std::string_view service);
/// Name of the serving status in a response's body ("SERVING"); nothing if it is none.
std::optional<std::string> health_status(std::string_view body);
/// Name of a status of gRPC ("NotFound").
std::string grpc_code(int status);

} // namespace gravity::registry::http2
