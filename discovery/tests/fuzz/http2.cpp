// What a target of a gRPC or HTTP/2 check answers: frames, and the message within.
#include "http2.hpp"

#include <cstdint>
#include <cstdlib>

using namespace gravity::registry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    http2::Session session;
    session.ping();
    session.call("http", "h:1", "/grpc.health.v1.Health/Check", http2::health_request("web"));
    if (session.output().empty()) std::abort();
    for (std::size_t at = 0; at < bytes.size(); at += 100) { // as it comes from the network
        if (!session.feed(bytes.substr(at, 100))) break;
        session.output();
    }
    if (session.outcome()) {
        if (session.outcome()->body.size() > 64 * 1024) std::abort();
        http2::health_status(session.outcome()->body);
    }
    http2::health_status(bytes);
    return 0;
}
