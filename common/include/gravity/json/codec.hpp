#pragma once

#include <gravity/json/json.hpp>
#include <gravity/meta/describe.hpp>

/// JSON to described structs and back, by walking the type table.
namespace gravity::json {

enum class Unknown : unsigned char {
    refuse,
    ignore
}; // fields the struct does not have: refuse in requests, ignore in answers of others

/// Fills `out` from `in`; every fault goes to `errors` with its pointer. `out` is only meaningful if none was added.
void decode(const Json& in, meta::MutableRef out, meta::Errors& errors, Unknown unknown = Unknown::refuse);
/// Applies a merge patch (RFC 7396) to a described value: objects, maps, variants and Json are merged member by member, all else is replaced;
/// null empties an optional and takes a member out of a map, and is refused elsewhere. The result is validated whole: every rule over
/// several fields whose object the patch touches. After a fault `target` is half changed and must not be used.
void patch(const Json& merge, meta::MutableRef target, meta::Errors& errors);

void encode(meta::Ref value, std::string& out);
/// The same as a document to be worked on.
Json to_document(meta::Ref value);

template <class T>
std::string encode(const T& value) {
    std::string out;
    encode(meta::ref(value), out);
    return out;
}
template <class T>
Json to_document(const T& value) {
    return to_document(meta::ref(value));
}
/// A struct from JSON text of ours or of a neighbour; unknown fields are tolerated.
template <class T>
Parsed<T> decode(std::string_view text) {
    auto document = Json::parse(text);
    if (!document) return ParseError{document.why()};
    T value{};
    meta::Errors errors;
    decode(*document, meta::mutable_ref(value), errors, Unknown::ignore);
    if (!errors.empty()) return ParseError{errors.to_string()};
    return value;
}

} // namespace gravity::json
