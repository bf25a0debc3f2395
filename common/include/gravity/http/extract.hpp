#pragma once

#include <gravity/base/number.hpp>
#include <gravity/http/route.hpp>
#include <gravity/json/codec.hpp>

#include <optional>
#include <string>
#include <utility>

/// The parameters of handlers. Each knows how to read itself from a request, what it refuses, and how it appears in OpenAPI; together they
/// are the contract that a handler's signature states.
namespace gravity {

/// A `{name}` of the path.
template <FixedText Name, class T>
struct Path {
    T value{};
    const T& operator*() const { return value; }
    const T* operator->() const { return &value; }
};

/// The query string, as a described struct.
template <class T>
struct Params {
    T value{};
    const T& operator*() const { return value; }
    const T* operator->() const { return &value; }
};

/// The JSON body, as a described struct.
template <class T>
struct Body {
    T value{};
    T& operator*() { return value; }
    const T& operator*() const { return value; }
    const T* operator->() const { return &value; }
};

/// A JSON Merge Patch (RFC 7396) for a described struct.
template <class T>
class Patch {
public:
    Patch() = default;
    explicit Patch(Json document) : document_(std::move(document)) {}
    /// `current` with the patch applied and validated whole; refuses with all that is wrong.
    T apply(T current) const {
        apply_patch(document_, meta::mutable_ref(current));
        return current;
    }
    const Json& document() const { return document_; }

private:
    static void apply_patch(const Json& document, meta::MutableRef target);
    Json document_;
};

/// A request header, if it was sent.
template <FixedText Name>
struct Header {
    std::optional<std::string> value;
    explicit operator bool() const { return value.has_value(); }
    const std::string& operator*() const { return *value; }
};

/// The body's bytes as sent (signatures of webhooks, foreign formats).
struct RawBody {
    std::string bytes;
    std::string content_type;
};

/// The caller where a route works without one too.
struct MaybeCaller {
    std::optional<Caller> value;
    explicit operator bool() const { return value.has_value(); }
    const Caller* operator->() const { return &*value; }
};

/// The precondition of a change (RFC 9110 section 13.1.1): optimistic concurrency by the resource's `version`. Without the field every
/// version will do.
class IfMatch {
public:
    IfMatch() = default;
    explicit IfMatch(std::optional<std::string> field) : field_(std::move(field)) {}

    /// The resource itself, or a refusal (412) that names the present version.
    template <class T>
    T check(T resource) const {
        check_version(resource.version.value());
        return resource;
    }
    void check_version(std::int64_t present) const;

private:
    std::optional<std::string> field_;
};

namespace http {

void apply_merge_patch(const Json& document, meta::MutableRef target);

template <class X>
struct Extractor; // static X read(Input&); static void describe(Route&)

template <FixedText Name, class T>
struct Extractor<Path<Name, T>> {
    static Path<Name, T> read(Input& in) {
        Path<Name, T> x;
        in.read_path(Name.view(), meta::mutable_ref(x.value));
        return x;
    }
    static void describe(Route& route) { route.parameters.push_back({"path", Name.view(), &meta::type_of<T>(), true}); }
};

template <class T>
struct Extractor<Params<T>> {
    static Params<T> read(Input& in) {
        Params<T> x;
        in.read_query(meta::mutable_ref(x.value));
        return x;
    }
    static void describe(Route& route) { route.parameters.push_back({"query", "", &meta::type_of<T>(), false}); }
};

template <class T>
struct Extractor<Body<T>> {
    static Body<T> read(Input& in) {
        Body<T> x;
        in.read_body(meta::mutable_ref(x.value));
        return x;
    }
    static void describe(Route& route) { route.bodies.push_back({"application/json", &meta::type_of<T>()}); }
};

template <class T>
struct Extractor<Patch<T>> {
    static Patch<T> read(Input& in) { return Patch<T>(in.body_document()); }
    static void describe(Route& route) {
        route.bodies.push_back({"application/merge-patch+json", &meta::type_of<T>(), true});
        route.bodies.push_back({"application/json", &meta::type_of<T>(), true}); // what most clients send
    }
};

template <FixedText Name>
struct Extractor<Header<Name>> {
    static Header<Name> read(Input& in) {
        const auto value = in.request().headers.get(Name.view());
        return {value ? std::optional<std::string>(*value) : std::nullopt};
    }
    static void describe(Route& route) { route.parameters.push_back({"header", Name.view(), &meta::type_of<std::string>(), false}); }
};

template <>
struct Extractor<RawBody> {
    static RawBody read(Input& in) { return {in.request().body, std::string(in.request().headers.get("Content-Type").value_or(""))}; }
    static void describe(Route& route) { route.bodies.push_back({"*/*", nullptr}); }
};

template <>
struct Extractor<Caller> {
    static Caller read(Input& in); // refuses with 401 if there is none
    static void describe(Route&) {}
};

template <>
struct Extractor<MaybeCaller> {
    static MaybeCaller read(Input& in) { return {in.caller() ? std::optional<Caller>(*in.caller()) : std::nullopt}; }
    static void describe(Route&) {}
};

template <>
struct Extractor<IfMatch> {
    static IfMatch read(Input& in) {
        const auto field = in.request().headers.get("If-Match");
        return IfMatch(field ? std::optional<std::string>(*field) : std::nullopt);
    }
    static void describe(Route& route) {
        route.parameters.push_back({"header", "If-Match", &meta::type_of<std::string>(), false, "ETag the change is meant for"});
    }
};

} // namespace http

template <class T>
void Patch<T>::apply_patch(const Json& document, meta::MutableRef target) {
    http::apply_merge_patch(document, target);
}

} // namespace gravity
