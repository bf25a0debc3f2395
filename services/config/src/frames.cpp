#include "frames.hpp"

#include <gravity/base/utf8.hpp>
#include <gravity/json/codec.hpp>

namespace gravity::config {
namespace {

constexpr std::size_t longest_detail = 1'000; // characters

template <class T>
Parsed<T> decode_strictly(const Json& document) {
    T value{};
    meta::Errors errors;
    json::decode(document, meta::mutable_ref(value), errors);
    if (!errors.empty()) return ParseError{errors.to_string()};
    return value;
}

} // namespace

bool FailureDetail::accept(std::string_view in, std::string& out, std::string& why) {
    if (!utf8::valid(in)) {
        why = "must be valid UTF-8";
        return false;
    }
    out.clear();
    for (std::size_t kept = 0; kept < longest_detail; ++kept) {
        const auto point = utf8::next(in);
        if (!point) break;
        const bool is_control = *point < 0x20 || (*point >= 0x7f && *point < 0xa0);
        utf8::append(out, is_control && *point != '\n' && *point != '\t' ? U' ' : *point);
    }
    return true;
}

Parsed<Hello> parse_hello(std::string_view message) {
    const auto document = Json::parse(message);
    if (!document) return ParseError{document.why()};
    const Json* hello = document->find("hello");
    if (hello == nullptr || document->size() != 1) return ParseError{"the first message must be {\"hello\": {...}}"};
    return decode_strictly<Hello>(*hello);
}

Parsed<Ack> parse_ack(std::string_view message) {
    const auto document = Json::parse(message);
    if (!document) return ParseError{document.why()};
    return decode_strictly<Ack>(*document);
}

Json snapshot_document(const Snapshot& snapshot) { return Json::object({{"version", snapshot.version}, {"items", to_json(snapshot.items)}}); }

Json change_document(const Snapshot& from, const Snapshot& to) {
    Json changed = Json::object(), removed = Json::array();
    for (const Change& change : changes_between(from.items, to.items)) {
        if (change.after == nullptr)
            removed.push_back(change.key);
        else
            changed[change.key] = *change.after;
    }
    return Json::object({{"version", to.version}, {"changed", std::move(changed)}, {"removed", std::move(removed)}});
}

void Window::sent(std::int64_t version, std::size_t bytes) {
    frames_.push_back({version, bytes});
    bytes_ += bytes;
}

void Window::acknowledged(std::int64_t version) {
    while (!frames_.empty() && frames_.front().version <= version) {
        bytes_ -= frames_.front().bytes;
        frames_.erase(frames_.begin());
    }
}

} // namespace gravity::config
