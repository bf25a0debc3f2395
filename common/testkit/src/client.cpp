#include "patience.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/problem.hpp>
#include <gravity/testkit/client.hpp>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>

namespace gravity::testkit {

Json eur(std::int64_t cents) { return Json::object({{"amount", cents}, {"currency", "EUR"}}); }

Json Answer::json() const {
    auto parsed = Json::parse(response_.body, {.max_depth = 100});
    return parsed ? *std::move(parsed) : Json();
}

Json Answer::at(std::string_view pointer) const {
    const Json document = json();
    const Json* place = document.at_pointer(pointer);
    return place == nullptr ? Json() : *place;
}

std::string Answer::text(std::string_view pointer) const {
    const Json value = at(pointer);
    return value.is_string() ? value.as_string() : std::string();
}

const Answer& Answer::field(std::string_view pointer, const Json& value) const {
    EXPECT_EQ(at(pointer).dump(), value.dump()) << request_ << " answered " << response_.body;
    return *this;
}

const Answer& Answer::expect_header(std::string_view name, std::string_view value) const {
    EXPECT_EQ(header(name), value) << request_ << ": header " << name;
    return *this;
}

void Answer::check_status(int status) const {
    EXPECT_EQ(response_.status, status) << request_ << " answered " << response_.status << " " << response_.body;
}

Call::Call(std::uint16_t port, std::string method, std::string target, std::string token)
    : port_(port), method_(std::move(method)), target_(std::move(target)) {
    if (!token.empty()) headers_.set("Authorization", "Bearer " + token);
}

Call& Call::body(const Members& members) { return raw(members.value.dump(), "application/json"); }

Call& Call::raw(std::string bytes, std::string content_type) {
    body_ = std::move(bytes);
    if (!content_type.empty()) headers_.set("Content-Type", content_type);
    return *this;
}

Call& Call::header(std::string name, std::string value) {
    headers_.set(name, value);
    return *this;
}

Answer Call::send() const {
    namespace asio = boost::asio;
    namespace beast = boost::beast;
    asio::io_context io;
    beast::tcp_stream stream(io);
    stream.connect(asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), port_));

    beast::http::request<beast::http::string_body> request;
    request.method_string(method_);
    request.target(target_);
    request.version(11);
    request.set(beast::http::field::host, "127.0.0.1:" + std::to_string(port_));
    request.set(beast::http::field::connection, "close");
    for (const auto& entry : headers_.entries()) request.set(entry.name, entry.value);
    request.body() = body_;
    if (!body_.empty() || method_ == "POST" || method_ == "PUT" || method_ == "PATCH") request.prepare_payload();

    beast::http::response_parser<beast::http::string_body> parser;
    parser.body_limit(std::uint64_t{256} << 20);
    parser.skip(method_ == "HEAD");
    beast::flat_buffer buffer;
    std::optional<boost::system::error_code> outcome;
    stream.expires_after(patience(std::chrono::seconds(30)));
    beast::http::async_write(stream, request, [&](boost::system::error_code error, std::size_t) {
        // An answer may come before the whole request was taken (413): reading decides.
        if (error && error != asio::error::broken_pipe && error != asio::error::connection_reset) {
            outcome = error;
            return;
        }
        beast::http::async_read(stream, buffer, parser, [&](boost::system::error_code read_error, std::size_t) { outcome = read_error; });
    });
    io.run();
    const std::string what = method_ + " " + target_;
    if (!outcome || *outcome) throw std::runtime_error(what + ": " + (outcome ? outcome->message() : "no answer"));

    http::Response response;
    response.status = static_cast<int>(parser.get().result_int());
    for (const auto& field : parser.get())
        response.headers.add({field.name_string().data(), field.name_string().size()}, {field.value().data(), field.value().size()});
    response.body = std::move(parser.get().body());
    return {what, std::move(response)};
}

Answer Call::expect(int status) const {
    Answer answer = send();
    answer.check_status(status);
    return answer;
}

Answer Call::expect_problem(int status, std::string_view slug) const {
    Answer answer = expect(status);
    EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
    EXPECT_EQ(answer.text("/type"), problem_type(slug)) << answer.body();
    EXPECT_EQ(answer.at("/status"), Json(status));
    EXPECT_FALSE(answer.text("/title").empty());
    return answer;
}

Call Client::patch(std::string target, const Members& body) const {
    Call call{port_, "PATCH", std::move(target), token_};
    call.raw(body.value.dump(), "application/merge-patch+json");
    return call;
}

} // namespace gravity::testkit
