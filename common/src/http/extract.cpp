#include "http/challenge.hpp"

#include <gravity/base/clock.hpp>
#include <gravity/http/conditional.hpp>
#include <gravity/http/extract.hpp>
#include <gravity/http/output.hpp>
#include <gravity/http/problem.hpp>
#include <gravity/http/result.hpp>

namespace gravity {

void IfMatch::check_version(std::int64_t present) const {
    if (!field_) return;
    if (present == 0) throw Refusal(problems::stale_version, "There is nothing here yet").with("current_version", present); // not even for "*"
    const std::string etag = http::etag_of(present);
    if (http::etag_listed(http::uncoded_etags(*field_), etag, true)) return;
    throw Refusal(problems::stale_version).with("current_version", present).with_header("ETag", etag);
}

namespace http {

namespace {
constexpr Problem range_not_satisfiable{416, "range-not-satisfiable", "The range lies outside the content"};
}

void apply_merge_patch(const Json& document, meta::MutableRef target) {
    meta::Errors errors;
    json::patch(document, target, errors);
    if (!errors.empty()) throw refusal_of(errors);
}

Caller Extractor<Caller>::read(Input& in) {
    if (in.caller() == nullptr) throw Refusal(problems::unauthenticated).with_header("WWW-Authenticate", std::string(http::bearer_challenge));
    return *in.caller();
}

void offer_as(Output& out, std::string_view file_name) {
    out.header("X-Content-Type-Options", "nosniff"); // what a client uploaded is shown as what it is said to be, or not at all
    if (!file_name.empty()) out.header("Content-Disposition", "attachment; filename*=UTF-8''" + percent_encode(file_name)); // RFC 6266 section 4.3
}

void write_download(Output& out, Download&& download) {
    const std::uint64_t size = download.bytes.size();
    out.bytes(download.status, download.content_type, std::move(download.bytes));
    offer_as(out, download.file_name);
    if (!download.etag.empty()) out.header("ETag", download.etag);
    if (download.status != 200 || (out.request().method != Method::get && out.request().method != Method::head)) return;
    out.header("Accept-Ranges", "bytes");
    if (out.request().method != Method::get) return;
    const auto asked = evaluate_range(out.request(), size, {download.etag, std::nullopt}, now().unix_seconds());
    if (asked.kind == RangeResult::Kind::unsatisfiable)
        throw Refusal(range_not_satisfiable, "The content has " + std::to_string(size) + " bytes")
            .with_header("Content-Range", content_range(std::nullopt, size));
    if (asked.kind == RangeResult::Kind::whole || asked.ranges.size() != 1) return; // several parts may be answered as a whole (section 14.2)
    const ByteRange part = asked.ranges.front();
    Response& response = out.response();
    response.status = 206;
    response.body = response.body.substr(static_cast<std::size_t>(part.first), static_cast<std::size_t>(part.size()));
    response.headers.set("Content-Range", content_range(part, size));
}

} // namespace http
} // namespace gravity
