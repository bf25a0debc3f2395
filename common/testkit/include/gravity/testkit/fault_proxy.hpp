#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace gravity::testkit {

/// Stands between a service and its store or neighbour and makes the network do what it does at the worst moment. Plain TCP; what it is told
/// holds for open and for new connections until it is told otherwise. Any thread.
class FaultProxy {
public:
    FaultProxy(std::string host, std::uint16_t port);
    ~FaultProxy();
    FaultProxy(const FaultProxy&) = delete;
    FaultProxy& operator=(const FaultProxy&) = delete;

    std::uint16_t port() const;
    /// `url` with host and port replaced by those of the proxy ("postgres://user@host:5432/db").
    std::string in_front_of(const std::string& url) const;

    /// Everything passes; this is how it begins.
    void pass();
    /// Nothing listens: connecting is refused. Open connections live on.
    void refuse();
    /// Resets what is open. New connections are as before.
    void cut();
    /// Half-open: bytes are taken and go nowhere, both ways, and nobody is told.
    void silence();
    /// Each piece waits so long before it goes on.
    void delay(std::chrono::milliseconds each);
    /// So many bytes at a time, with a pause between.
    void drip(std::size_t bytes, std::chrono::milliseconds pause);
    /// The next time the client sends bytes that hold `text` (whatever the case), they are delivered, but the answer is not: the connection is
    /// reset when it comes. So the other side has acted, and the client cannot know.
    void lose_answer_to(std::string text);
    /// The same, but the bytes themselves are lost: the other side has not acted.
    void lose(std::string text);

    std::size_t open() const;          // connections now
    std::size_t accepted() const;      // since the start
    std::size_t losses() const;        // answers and requests that were lost as asked
    std::uint64_t bytes_passed() const; // both ways

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace gravity::testkit
