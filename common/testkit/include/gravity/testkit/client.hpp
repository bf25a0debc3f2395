#pragma once

#include <gravity/http/message.hpp>
#include <gravity/json/codec.hpp>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace gravity::testkit {

/// A JSON object as it is written in a test: {{"sku", "mug"}, {"price", eur(1999)}}.
struct Members {
    Json value;
    Members() = default;
    Members(std::initializer_list<std::pair<const std::string, Json>> members) : value(Json::object(members)) {}
    Members(Json document) : value(std::move(document)) {}
};

Json eur(std::int64_t cents);

/// What came back. A check that fails fails the test, naming request and answer.
class Answer {
public:
    Answer(std::string request, http::Response response) : request_(std::move(request)), response_(std::move(response)) {}

    int status() const { return response_.status; }
    const std::string& body() const { return response_.body; }
    const http::Headers& headers() const { return response_.headers; }
    std::string header(std::string_view name) const { return std::string(response_.headers.get(name).value_or("")); }
    std::string location() const { return header("Location"); }
    std::string etag() const { return header("ETag"); }
    /// The body as JSON; null if it is none.
    Json json() const;
    /// The value at a JSON Pointer; null if absent.
    Json at(std::string_view pointer) const;
    std::string text(std::string_view pointer) const; // a text at a pointer, or ""
    template <class T>
    T as() const {
        return gravity::json::decode<T>(body()).or_throw();
    }

    /// The member at `pointer` equals `value`.
    const Answer& field(std::string_view pointer, const Json& value) const;
    const Answer& expect_header(std::string_view name, std::string_view value) const;

private:
    friend class Call;
    void check_status(int status) const;
    std::string request_;
    http::Response response_;
};

/// A request about to be sent: `owner.post(path, body).if_match(etag).expect(200)`.
class Call {
public:
    Call(std::uint16_t port, std::string method, std::string target, std::string token);

    Call& body(const Members& members);
    Call& raw(std::string bytes, std::string content_type);
    Call& header(std::string name, std::string value);
    Call& if_match(std::string etag) { return header("If-Match", std::move(etag)); }
    Call& key(std::string idempotency_key) { return header("Idempotency-Key", std::move(idempotency_key)); }

    /// Sends and returns whatever comes; std::runtime_error if nothing does within 30 s.
    Answer send() const;
    Answer expect(int status) const;
    /// A problem document with this status and slug.
    Answer expect_problem(int status, std::string_view slug) const;

private:
    std::uint16_t port_;
    std::string method_, target_;
    http::Headers headers_;
    std::string body_;
};

/// Somebody who calls a service of this process.
class Client {
public:
    Client() = default;
    Client(std::uint16_t port, std::string token) : port_(port), token_(std::move(token)) {}

    Call get(std::string target) const { return {port_, "GET", std::move(target), token_}; }
    Call del(std::string target) const { return {port_, "DELETE", std::move(target), token_}; }
    Call post(std::string target) const { return {port_, "POST", std::move(target), token_}; }
    Call post(std::string target, const Members& body) const { return post(std::move(target)).body(body); }
    Call put(std::string target, const Members& body) const { return Call{port_, "PUT", std::move(target), token_}.body(body); }
    Call patch(std::string target, const Members& body) const;
    Call call(std::string method, std::string target) const { return {port_, std::move(method), std::move(target), token_}; }

    const std::string& token() const { return token_; }

private:
    std::uint16_t port_ = 0;
    std::string token_;
};

} // namespace gravity::testkit
