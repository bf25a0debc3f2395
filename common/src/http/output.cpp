#include <gravity/http/output.hpp>
#include <gravity/json/codec.hpp>

namespace gravity::http {
namespace {

const meta::Field* field_named(const meta::Type& type, std::string_view name) {
    if (type.kind != meta::Kind::object) return nullptr;
    for (const meta::Field& field : type.object->fields())
        if (field.name == name) return &field;
    return nullptr;
}

} // namespace

std::string etag_of(std::int64_t version) { return '"' + std::to_string(version) + '"'; }

void Output::json(int status, meta::Ref value) {
    response_.status = status;
    response_.headers.set("Content-Type", "application/json");
    response_.body.clear();
    json::encode(value, response_.body);
    if (const meta::Field* version = field_named(*value.type, "version"); version != nullptr && version->type().kind == meta::Kind::integer)
        response_.headers.set("ETag", etag_of(version->type().integer->get(version->at_const(value.value))));
}

void Output::created(meta::Ref value, std::string_view location) {
    json(201, value);
    if (!location.empty()) {
        response_.headers.set("Location", location);
    } else if (const meta::Field* id = field_named(*value.type, "id"); id != nullptr && id->type().kind == meta::Kind::text) {
        std::string text;
        id->type().text->to_text(id->at_const(value.value), text);
        response_.headers.set("Location", request_.path + "/" + text);
    }
}

void Output::empty(int status) {
    response_.status = status;
    response_.body.clear();
}

void Output::bytes(int status, std::string_view content_type, std::string body) {
    response_.status = status;
    response_.headers.set("Content-Type", content_type);
    response_.body = std::move(body);
}

} // namespace gravity::http
