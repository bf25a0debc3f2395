#pragma once

#include <gravity/http/message.hpp>
#include <gravity/json/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace gravity::testkit {

/// Holds answers and values against an OpenAPI 3.1 document: the part of JSON Schema 2020-12 that our documents use. A keyword it does not
/// know throws std::logic_error, so that nothing passes unseen.
class OpenApiCheck {
public:
    explicit OpenApiCheck(Json document) : document_(std::move(document)) {}

    /// What is wrong with an answer of the operation at a path template of the document; empty: it conforms. Checked: the status is listed, the
    /// media type too, the body fits its schema, required headers are there.
    std::vector<std::string> answer(std::string_view method, std::string_view path, const http::Response& response) const;
    /// What is wrong with a value under a schema.
    std::vector<std::string> value(const Json& schema, const Json& value) const;

    const Json* operation(std::string_view method, std::string_view path) const;
    const Json& document() const { return document_; }
    /// The target of a `$ref`, or the value itself.
    const Json& resolved(const Json& node) const;

private:
    Json document_;
};

} // namespace gravity::testkit
