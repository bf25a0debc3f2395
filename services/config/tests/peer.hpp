#pragma once

#include <gravity/json/json.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace gravity::config {

/// A client of `gravity.config.v1`.
class Peer {
public:
    Peer(std::uint16_t port, const std::string& token, const std::string& path = "/api/v1/configs/watch") : stream_(io_) {
        stream_.next_layer().connect({boost::asio::ip::address_v4::loopback(), port});
        stream_.set_option(boost::beast::websocket::stream_base::decorator([=](boost::beast::websocket::request_type& request) {
            request.set(boost::beast::http::field::authorization, "Bearer " + token);
            request.set(boost::beast::http::field::sec_websocket_protocol, "gravity.config.v1");
        }));
        stream_.handshake("h", path);
    }
    void hello(const std::string& application, std::optional<std::int64_t> have = {}, const std::string& instance = "") {
        Json words = Json::object({{"application", application}});
        if (have) words["have"] = *have;
        if (!instance.empty()) words["instance"] = instance;
        send(Json::object({{"hello", words}}).dump());
    }
    void ack(std::int64_t version) { send(Json::object({{"ack", version}, {"status", "applied"}}).dump()); }
    void fail(std::int64_t version, const std::string& why) { send(Json::object({{"ack", version}, {"status", "failed"}, {"detail", why}}).dump()); }
    void send(const std::string& text) { stream_.write(boost::asio::buffer(text)); }
    std::string read() {
        boost::beast::flat_buffer buffer;
        boost::system::error_code error;
        stream_.read(buffer, error);
        if (error == boost::beast::websocket::error::closed || (error && stream_.reason())) return "closed " + std::to_string(stream_.reason().code);
        return error ? "error: " + error.message() : boost::beast::buffers_to_string(buffer.data());
    }
    /// What was said beside the code when it was closed.
    std::string reason() const { return {stream_.reason().reason.data(), stream_.reason().reason.size()}; }

private:
    boost::asio::io_context io_;
    boost::beast::websocket::stream<boost::asio::ip::tcp::socket> stream_;
};

} // namespace gravity::config
