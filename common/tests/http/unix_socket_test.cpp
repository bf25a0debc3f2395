// A server at a path of the file system in place of a port.
#include "http/handlers.hpp"
#include "http/unix_socket.hpp"

#include <gravity/async/coroutine.hpp>

#include <boost/system/system_error.hpp>

#include <filesystem>
#include <fstream>
#include <sys/un.h>

namespace gravity::http::test {
namespace {

struct UnixServer : ::testing::Test {
    UnixServer() {
        char name[] = "/tmp/gravity-unix-XXXXXX";
        if (::mkdtemp(name) == nullptr) throw std::runtime_error("mkdtemp");
        folder = name;
        path = folder + "/s";
    }
    ~UnixServer() override { std::filesystem::remove_all(folder); }
    ServerOptions at_path() const {
        ServerOptions options;
        options.address = "unix://" + path;
        return options;
    }
    std::string ask(std::string_view request) const {
        const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un to{};
        to.sun_family = AF_UNIX;
        path.copy(to.sun_path, sizeof to.sun_path - 1);
        std::string answer;
        const timeval limit{10, 0};
        ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 && ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
            char block[4096];
            while (const ssize_t n = ::recv(fd, block, sizeof block, 0)) {
                if (n < 0) break;
                answer.append(block, static_cast<std::size_t>(n));
            }
        }
        ::close(fd);
        return answer;
    }
    std::string folder, path;
};

Task<void> peer(Exchange& exchange) {
    Response answer = text("you are " + exchange.request().peer_address);
    co_await exchange.respond(std::move(answer));
}

TEST_F(UnixServer, AnswersAndTakesItsSocketAway) {
    {
        Running running;
        running.serve(peer, at_path());
        const std::string answer = ask("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 200"));
        EXPECT_TRUE(answer.ends_with("you are unix"));
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(UnixServer, TakesThePlaceOfADeadOneAndOfNoOther) {
    const int dead = listen_unix(path);
    ::close(dead); // as kill -9 leaves it
    ASSERT_TRUE(std::filesystem::exists(path));
    Running running;
    running.serve(peer, at_path());
    EXPECT_NE(ask("GET / HTTP/1.0\r\n\r\n"), "");
    Running second;
    EXPECT_THROW(second.serve(peer, at_path()), boost::system::system_error);
    EXPECT_NE(ask("GET / HTTP/1.0\r\n\r\n"), ""); // the first is still there
    second.run(); // its loop has something to end
}

TEST_F(UnixServer, WhatIsNoSocketIsLeftAlone) {
    std::ofstream(path) << "mine";
    EXPECT_THROW(listen_unix(path), boost::system::system_error);
    EXPECT_TRUE(std::filesystem::is_regular_file(path));
    EXPECT_THROW(listen_unix(""), boost::system::system_error);
    EXPECT_THROW(listen_unix(folder + "/" + std::string(200, 'x')), boost::system::system_error);
    EXPECT_THROW(listen_unix(folder + "/none/s"), boost::system::system_error);
    EXPECT_EQ(unix_path("127.0.0.1"), std::nullopt);
    EXPECT_EQ(unix_path("unix:///run/s"), "/run/s");
}

} // namespace
} // namespace gravity::http::test
