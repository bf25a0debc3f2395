#pragma once

#include "certificate.hpp"
#include "support.hpp"

#include <gravity/net/tls_context.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <openssl/x509.h>

#include <list>
#include <mutex>

namespace gravity::gateway::test {

inline std::string common_name(X509* certificate) {
    if (!certificate) return "";
    char text[256] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text, sizeof text);
    X509_free(certificate);
    return text;
}

/// An instance with a certificate. Answers each request with its body, and in fields with what it was asked for by and who asked; a WebSocket is echoed. What
/// is asked of /silent it never answers.
class SecureInstance {
public:
    /// `callers`: who vouches for those that may ask; empty: anybody may. `openapi`: how it describes itself.
    explicit SecureInstance(const net::TlsFiles& files, const std::string& callers = {}, std::string openapi = {})
        : openapi_(std::move(openapi)), context_(net::server_context(files)) {
        if (!callers.empty()) {
            context_->load_verify_file(callers);
            context_->set_verify_mode(boost::asio::ssl::verify_peer | boost::asio::ssl::verify_fail_if_no_peer_cert);
        }
        acceptor_thread_ = std::thread([this] { accept(); });
    }
    ~SecureInstance() {
        ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
        acceptor_thread_.join();
        {
            const std::lock_guard lock(mutex_);
            for (auto& one : connections_) ::shutdown(one.stream.next_layer().native_handle(), SHUT_RDWR);
        }
        for (auto& one : connections_) one.thread.join();
    }
    std::uint16_t port() { return acceptor_.local_endpoint().port(); }
    unsigned handshakes() const { return handshakes_; }
    unsigned requests() const { return requests_; }
    unsigned left() const { return left_; } // requests that were never answered, and given up

private:
    struct Connection {
        Connection(boost::asio::io_context& io, boost::asio::ssl::context& context) : stream(io, context) {}
        boost::asio::ssl::stream<boost::asio::ip::tcp::socket> stream;
        std::thread thread;
    };
    void accept() {
        for (;;) {
            Connection* made = nullptr;
            {
                const std::lock_guard lock(mutex_);
                made = &connections_.emplace_back(io_, *context_);
            }
            boost::system::error_code error;
            acceptor_.accept(made->stream.next_layer(), error);
            made->thread = std::thread([this, made, closed = bool(error)] {
                if (!closed) serve(made->stream);
            });
            if (error) return;
        }
    }
    void serve(boost::asio::ssl::stream<boost::asio::ip::tcp::socket>& stream) {
        boost::system::error_code error;
        stream.handshake(boost::asio::ssl::stream_base::server, error);
        if (error) return;
        ++handshakes_;
        const char* name = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name);
        const std::string caller = common_name(SSL_get1_peer_certificate(stream.native_handle()));
        const std::string fields = "X-Asked-For: " + std::string(name ? name : "") + "\r\nX-Caller: " + caller + "\r\n";
        std::string received;
        const auto more = [&] {
            char block[65536];
            const std::size_t size = stream.read_some(boost::asio::buffer(block), error);
            received.append(block, size);
            return !error;
        };
        for (;;) {
            std::size_t end;
            while ((end = received.find("\r\n\r\n")) == std::string::npos)
                if (!more()) return;
            ++requests_;
            const Wire::Message request{received.substr(0, end + 4), {}};
            received.erase(0, end + 4);
            if (request.has("Upgrade: websocket")) {
                received.insert(0, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
                boost::asio::write(stream, boost::asio::buffer(received), error);
                for (received.clear(); more(); received.clear()) boost::asio::write(stream, boost::asio::buffer(received), error);
                return;
            }
            if (request.head.find(" /silent ") != std::string::npos) {
                while (more()) {}
                ++left_;
                return;
            }
            const std::size_t length = std::stoul(request.field("Content-Length").value_or("0"));
            while (received.size() < length)
                if (!more()) return;
            const bool inquiry = request.head.starts_with("GET /openapi.json ");
            boost::asio::write(stream, boost::asio::buffer(Instance::ok(inquiry ? openapi_ : received.substr(0, length), fields)), error);
            received.erase(0, length);
        }
    }

    const std::string openapi_;
    boost::asio::io_context io_;
    std::shared_ptr<boost::asio::ssl::context> context_;
    boost::asio::ip::tcp::acceptor acceptor_{io_, boost::asio::ip::tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)};
    std::atomic<unsigned> handshakes_{0}, requests_{0}, left_{0};
    std::thread acceptor_thread_;
    std::mutex mutex_;
    std::list<Connection> connections_;
};

} // namespace gravity::gateway::test
