// What the checks that look at something see: of servers in this process, and of programs.
#include "http2.hpp"
#include "loopback.hpp"
#include "probe.hpp"

#include <gravity/testkit/loop.hpp>

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <netinet/in.h>
#include <nghttp2/nghttp2.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace gravity::registry {
namespace {

using test::Socket;

/// The other side of HTTP/2: acknowledges pings and answers every call with what it was given.
class Http2Server {
public:
    struct Says {
        std::string http_status = "200", grpc_status = "0", message{}; // `message`: with its length before it
    };
    explicit Http2Server(Says says) : says_(std::move(says)) {
        thread_ = std::thread([this] {
            for (int fd = 0; (fd = socket_.accept()) >= 0;) {
                serve(fd);
                ::close(fd);
            }
        });
    }
    ~Http2Server() { finish(); }
    std::string target() const { return socket_.target(); }
    /// Ends it; the bodies of the calls it got.
    std::string finish() {
        socket_.shut();
        if (thread_.joinable()) thread_.join();
        return asked_;
    }

    static nghttp2_nv field(std::string_view name, std::string_view value) {
        return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())), reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())),
                name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
    }

private:
    static Http2Server& of(void* user) { return *static_cast<Http2Server*>(user); }
    static int on_data(nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t* data, std::size_t size, void* user) {
        of(user).asked_.append(reinterpret_cast<const char*>(data), size);
        return 0;
    }
    static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
        if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0 || frame->hd.type != NGHTTP2_DATA) return 0;
        Http2Server& self = of(user);
        self.sent_ = 0;
        const nghttp2_nv fields[] = {field(":status", self.says_.http_status), field("content-type", "application/grpc")};
        nghttp2_data_provider body{};
        body.source.ptr = user;
        body.read_callback = read_body;
        return nghttp2_submit_response(session, frame->hd.stream_id, fields, std::size(fields), &body);
    }
    static ssize_t read_body(nghttp2_session* session, std::int32_t stream, std::uint8_t* into, std::size_t size, std::uint32_t* flags,
                             nghttp2_data_source* source, void*) {
        Http2Server& self = of(source->ptr);
        const std::size_t taken = self.says_.message.copy(reinterpret_cast<char*>(into), size, self.sent_);
        self.sent_ += taken;
        if (self.sent_ == self.says_.message.size()) {
            *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
            const nghttp2_nv trailers[] = {field("grpc-status", self.says_.grpc_status), field("grpc-message", "so%20it%20is")};
            nghttp2_submit_trailer(session, stream, trailers, std::size(trailers));
        }
        return static_cast<ssize_t>(taken);
    }
    void serve(int fd) {
        nghttp2_session_callbacks* callbacks = nullptr;
        ASSERT_EQ(nghttp2_session_callbacks_new(&callbacks), 0);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
        nghttp2_session* session = nullptr;
        ASSERT_EQ(nghttp2_session_server_new(&session, callbacks, this), 0);
        nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, nullptr, 0);
        for (;;) {
            const std::uint8_t* piece = nullptr;
            while (const ssize_t size = nghttp2_session_mem_send(session, &piece)) ::send(fd, piece, static_cast<std::size_t>(size), MSG_NOSIGNAL);
            std::uint8_t bytes[4096];
            const ssize_t size = ::recv(fd, bytes, sizeof bytes, 0);
            if (size <= 0 || nghttp2_session_mem_recv(session, bytes, static_cast<std::size_t>(size)) < 0) break;
        }
        nghttp2_session_del(session);
        nghttp2_session_callbacks_del(callbacks);
    }

    Says says_;
    std::string asked_;
    std::size_t sent_ = 0;
    const Socket socket_ = Socket::listening();
    std::thread thread_;
};

// A message of gRPC: not compressed, its length, a protobuf.
std::string framed(const std::string& protobuf) {
    return std::string(4, '\0') + static_cast<char>(protobuf.size()) + protobuf;
}

struct Probes : ::testing::Test {
    Probes() { loop.start(); }
    ~Probes() override {
        loop.stop();
        probers.clear(); // what they hold belongs to the loop, which is still there
    }
    ProbeResult probe(CheckDefinition definition, Scripts scripts = Scripts::all) {
        if (definition.timeout_us == 0) definition.timeout_us = 20'000'000;
        const auto prober = std::make_shared<Prober>(loop.io(), scripts);
        probers.push_back(prober);
        return loop.await<ProbeResult>([prober, definition] { return prober->probe(definition); });
    }
    static CheckDefinition at(CheckType type, const std::string& target) {
        CheckDefinition definition;
        definition.type = type;
        definition.target = target;
        return definition;
    }
    ProbeResult run(std::vector<std::string> args, std::int64_t timeout_us = 20'000'000, Scripts scripts = Scripts::all) {
        CheckDefinition definition;
        definition.type = CheckType::script;
        definition.args = std::move(args);
        definition.timeout_us = timeout_us;
        return probe(definition, scripts);
    }
    testkit::Loop loop;
    std::vector<std::shared_ptr<Prober>> probers;
};

std::string free_target(int type) { return Socket::bound(type).target(); } // nobody is there any more

TEST_F(Probes, UdpSeesWhoIsNotThere) {
    const Socket silent = Socket::bound(SOCK_DGRAM);
    CheckDefinition patient = at(CheckType::udp, silent.target());
    patient.timeout_us = 1000;
    EXPECT_EQ(probe(patient).status, Status::passing); // it may be there
    EXPECT_EQ(probe(patient).output, "UDP connect " + silent.target() + ": Success");
    const ProbeResult absent = probe(at(CheckType::udp, free_target(SOCK_DGRAM)));
    EXPECT_EQ(absent.status, Status::critical);
    EXPECT_NE(absent.output.find("refused"), std::string::npos);
    const Socket echo = Socket::bound(SOCK_DGRAM);
    std::thread answers([&] {
        char byte[2];
        sockaddr_in from{};
        socklen_t size = sizeof from;
        EXPECT_EQ(::recvfrom(echo.fd(), byte, sizeof byte, 0, reinterpret_cast<sockaddr*>(&from), &size), 0);
        EXPECT_EQ(::sendto(echo.fd(), "ok", 2, 0, reinterpret_cast<sockaddr*>(&from), size), 2);
    });
    EXPECT_EQ(probe(at(CheckType::udp, echo.target())).status, Status::passing);
    answers.join();
}

TEST_F(Probes, GrpcAsksTheHealthService) {
    {
        Http2Server server({.message = framed("\x08\x01")});
        const ProbeResult seen = probe(at(CheckType::grpc, server.target() + "/web"));
        EXPECT_EQ(seen.status, Status::passing) << seen.output;
        EXPECT_EQ(seen.output, "gRPC check " + server.target() + "/web: success");
        EXPECT_EQ(server.finish(), framed("\x0A\x03web"));
    }
    {
        Http2Server server({.message = framed("\x08\x02")});
        const ProbeResult seen = probe(at(CheckType::grpc, server.target()));
        EXPECT_EQ(seen.status, Status::critical);
        EXPECT_EQ(seen.output, "gRPC " + server.target() + " serving status: NOT_SERVING");
        EXPECT_EQ(server.finish(), framed(""));
    }
    {
        Http2Server server({.grpc_status = "5"});
        EXPECT_EQ(probe(at(CheckType::grpc, server.target() + "/none")).output, "rpc error: code = NotFound desc = so it is");
    }
    {
        Http2Server server({.http_status = "503"});
        EXPECT_NE(probe(at(CheckType::grpc, server.target())).output.find("HTTP status 503"), std::string::npos);
    }
    {
        Http2Server server({.message = "\x01"});
        EXPECT_NE(probe(at(CheckType::grpc, server.target())).output.find("not one of grpc.health.v1"), std::string::npos);
    }
    {
        Http2Server server({.message = std::string(100'000, 'x')}); // more than a health check has to say
        EXPECT_NE(probe(at(CheckType::grpc, server.target())).output.find("not HTTP/2"), std::string::npos);
    }
    EXPECT_NE(probe(at(CheckType::grpc, free_target(SOCK_STREAM))).output.find("refused"), std::string::npos);
}

TEST_F(Probes, Http2PingWantsItsAnswer) {
    {
        Http2Server server({});
        EXPECT_EQ(probe(at(CheckType::h2ping, server.target())).output, "HTTP2 ping was successful");
    }
    const Socket silent = Socket::listening(); // takes the connection and says nothing
    CheckDefinition definition = at(CheckType::h2ping, silent.target());
    definition.timeout_us = 50'000;
    EXPECT_EQ(probe(definition).output, "HTTP2 ping failed: i/o timeout");
    definition.use_tls = true;
    EXPECT_EQ(probe(definition).status, Status::critical);
}

TEST_F(Probes, TlsToWhoDoesNotSpeakItFails) {
    Http2Server server({});
    CheckDefinition definition = at(CheckType::tcp, server.target());
    EXPECT_EQ(probe(definition).status, Status::passing);
    definition.use_tls = true;
    definition.tls_skip_verify = true;
    definition.tls_server_name = "example.com";
    EXPECT_NE(probe(definition).output.find("tls: "), std::string::npos);
}

TEST_F(Probes, AScriptsExitCodeIsItsStatus) {
    EXPECT_EQ(run({"sh", "-c", "echo fine"}).status, Status::passing);
    EXPECT_EQ(run({"sh", "-c", "echo fine"}).output, "fine\n");
    EXPECT_EQ(run({"sh", "-c", "echo hm >&2; exit 1"}).status, Status::warning);
    EXPECT_EQ(run({"sh", "-c", "echo hm >&2; exit 1"}).output, "hm\n");
    EXPECT_EQ(run({"sh", "-c", "exit 2"}).status, Status::critical);
    EXPECT_EQ(run({"sh", "-c", "kill -9 $$"}).status, Status::critical);
    EXPECT_EQ(run({"/nowhere/at/all"}).output, "cannot run /nowhere/at/all: No such file or directory");
    EXPECT_EQ(run({"sh", "-c", "ls /proc/self/fd | wc -l"}).output, "4\n"); // three, and the one ls looks with
}

TEST_F(Probes, AScriptThatIsTooSlowIsKilledWithItsChildren) {
    const std::string file = std::filesystem::temp_directory_path() / ("gravity-probe-" + std::to_string(::getpid()));
    const ProbeResult seen = run({"sh", "-c", "sleep 1000 & echo $! > " + file + "; echo begun; wait"}, 500'000);
    EXPECT_EQ(seen.status, Status::critical);
    EXPECT_EQ(seen.output, "Timed out (500ms) running check\n\nbegun\n");
    pid_t child = 0;
    std::ifstream(file) >> child;
    ASSERT_GT(child, 0);
    testkit::until([&] { // gone, or its body waits for an init that may not care
        std::string state;
        std::ifstream status("/proc/" + std::to_string(child) + "/stat");
        status >> state >> state >> state;
        return !status || state == "Z";
    });
    std::filesystem::remove(file);
}

TEST_F(Probes, OfWhatAScriptPrintsTheEndIsKept) {
    CheckDefinition definition;
    definition.type = CheckType::script;
    definition.args = {"sh", "-c", "seq 1 100000; printf end"};
    definition.output_max_size = 10;
    EXPECT_EQ(probe(definition).output, "100000\nend");
    definition.output_max_size = 50;
    EXPECT_EQ(probe(definition).output, "Captured the last of 588898 bytes\n...\n9\n100000\nend");
}

TEST_F(Probes, AScriptRunsOnlyWhereItMay) {
    EXPECT_EQ(run({"true"}, 20'000'000, Scripts::none).output, "scripts are disabled on this agent");
    EXPECT_EQ(run({"true"}, 20'000'000, Scripts::configured).status, Status::critical);
    CheckDefinition definition;
    definition.type = CheckType::script;
    definition.args = {"true"};
    definition.configured = true;
    EXPECT_EQ(probe(definition, Scripts::configured).status, Status::passing);
}

TEST(HealthMessage, IsReadAsProtobufSays) {
    using http2::health_status;
    EXPECT_EQ(health_status(framed("")), "UNKNOWN"); // what protobuf leaves out
    EXPECT_EQ(health_status(framed("\x08\x01")), "SERVING");
    EXPECT_EQ(health_status(framed("\x08\x03")), "SERVICE_UNKNOWN");
    EXPECT_EQ(health_status(framed("\x08\x09")), "9"); // of a later version
    EXPECT_EQ(health_status(framed(std::string("\x12\x02hi\x1D\0\0\0\0\x21\0\0\0\0\0\0\0\0\x08\x01", 20))), "SERVING"); // fields nobody knows here
    for (const std::string& bad : {std::string(), std::string("\x01\0\0\0\0", 5), framed("\x08"), framed("\x0A\x05x"), framed("\x0B"), framed("\x08\x01") + "x",
                                   framed(std::string(11, '\xFF'))})
        EXPECT_FALSE(health_status(bad).has_value());
    EXPECT_EQ(http2::health_request(""), "");
    EXPECT_EQ(http2::health_request(std::string(200, 's')).substr(0, 3), "\x0A\xC8\x01");
    EXPECT_EQ(http2::grpc_code(14), "Unavailable");
    EXPECT_EQ(http2::grpc_code(99), "Code(99)");
}

} // namespace
} // namespace gravity::registry
