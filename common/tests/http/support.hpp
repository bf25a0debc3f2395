#pragma once

#include <gravity/http/server.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

/// What the transport's tests share: a server on a thread of its own, and a client that sends any bytes whatever.
namespace gravity::http::test {

using namespace std::chrono_literals;
constexpr auto patience = 10s; // a condition that has not come by then does not come

/// A blocking socket. Every wait ends after `patience` and then fails the test by what it returns.
class RawClient {
public:
    explicit RawClient(std::uint16_t port) {
        fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const timeval limit{std::chrono::seconds(patience).count(), 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
        EXPECT_TRUE(connected_);
    }
    ~RawClient() { close(); }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    int fd() const { return fd_; }
    void close() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }
    void reset() { // a RST instead of a FIN
        const linger hard{1, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        close();
    }
    void half_close() { ::shutdown(fd_, SHUT_WR); }

    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(n));
        }
        return true;
    }
    /// Everything until the server closes; nothing if it does not, or resets.
    std::optional<std::string> read_to_end() {
        for (;;) {
            const ssize_t n = receive();
            if (n == 0) return std::exchange(received_, {});
            if (n < 0) return std::nullopt;
        }
    }
    /// Exactly `size` bytes.
    std::string read_exactly(std::size_t size) {
        while (received_.size() < size && receive() > 0) {}
        std::string bytes = received_.substr(0, size);
        received_.erase(0, bytes.size());
        return bytes;
    }
    /// Until `end` has been seen, inclusive; empty if it does not come.
    std::string read_until(std::string_view end) {
        std::size_t at;
        while ((at = received_.find(end)) == std::string::npos)
            if (receive() <= 0) return {};
        std::string bytes = received_.substr(0, at + end.size());
        received_.erase(0, bytes.size());
        return bytes;
    }
    struct Answer {
        int status = 0;
        std::string head, body;
        bool has(std::string_view line) const { return head.find(line) != std::string::npos; }
    };
    /// One response with a Content-Length; status 0 if none comes.
    Answer read_response(bool bodiless = false) {
        Answer answer;
        answer.head = read_until("\r\n\r\n");
        if (answer.head.size() < 12) return answer;
        answer.status = std::stoi(answer.head.substr(9, 3));
        const std::size_t at = answer.head.find("Content-Length: ");
        if (at != std::string::npos && !bodiless) answer.body = read_exactly(std::stoul(answer.head.substr(at + 16)));
        return answer;
    }
    Answer ask(std::string_view request) {
        EXPECT_TRUE(send(request));
        return read_response();
    }

private:
    ssize_t receive() {
        char block[65536];
        const ssize_t n = ::recv(fd_, block, sizeof block, 0);
        if (n > 0) received_.append(block, static_cast<std::size_t>(n));
        return n;
    }
    int fd_ = -1;
    bool connected_ = false;
    std::string received_;
};

/// Waits for a condition that another thread brings about.
template <class Condition>
[[nodiscard]] bool eventually(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::yield();
    }
    return true;
}

/// An I/O thread, and a server on it once `serve` is called.
class Running {
public:
    ~Running() { stop(); }

    std::uint16_t serve(Handler handler, ServerOptions options = {}) {
        server_ = std::make_unique<Server>(io_, std::move(options), std::move(handler));
        server_->start();
        run();
        return server_->port();
    }
    void run() {
        if (!thread_.joinable()) thread_ = std::thread([this] { io_.run(); });
    }
    void stop() {
        if (thread_.joinable()) {
            boost::asio::post(io_, [this] { server_.reset(); });
            boost::asio::post(io_, [this] { work_.reset(); });
            const auto end = std::chrono::steady_clock::now() + patience;
            while (!io_.stopped() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
            EXPECT_TRUE(io_.stopped()) << "something still runs after the server was destroyed";
            io_.stop();
            thread_.join();
        }
    }
    /// Runs it on the I/O thread and waits.
    template <class Function>
    void on_io(Function function) {
        std::promise<void> done;
        boost::asio::post(io_, [&] {
            function();
            done.set_value();
        });
        done.get_future().wait();
    }
    template <class T>
    T await(Task<T> task) {
        auto future = boost::asio::co_spawn(io_, std::move(task), boost::asio::use_future);
        if (future.wait_for(patience) != std::future_status::ready) throw std::runtime_error("the coroutine does not end");
        return future.get();
    }
    boost::asio::io_context& io() { return io_; }
    Server& server() { return *server_; }

private:
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
    std::unique_ptr<Server> server_;
    std::thread thread_;
};

inline Response text(std::string body, int status = 200) {
    Response response;
    response.status = status;
    response.headers.add("Content-Type", "text/plain");
    response.body = std::move(body);
    return response;
}

} // namespace gravity::http::test
