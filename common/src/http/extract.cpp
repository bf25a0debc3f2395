#include <gravity/http/extract.hpp>

#include <gravity/http/conditional.hpp>
#include <gravity/http/output.hpp>
#include <gravity/http/problem.hpp>
#include <gravity/http/result.hpp>

namespace gravity {

void IfMatch::check_version(std::int64_t present) const {
    const std::string etag = http::etag_of(present);
    if (!field_ || http::etag_listed(*field_, etag, true)) return;
    throw Refusal(problems::stale_version).with("current_version", present).with_header("ETag", etag);
}

namespace http {

void apply_merge_patch(const Json& document, meta::MutableRef target) {
    meta::Errors errors;
    json::patch(document, target, errors);
    if (!errors.empty()) throw refusal_of(errors);
}

Caller Extractor<Caller>::read(Input& in) {
    if (in.caller() == nullptr) throw Refusal(problems::unauthenticated).with_header("WWW-Authenticate", "Bearer");
    return *in.caller();
}

void write_download(Output& out, Download&& download) {
    out.bytes(download.status, download.content_type, std::move(download.bytes));
    if (!download.file_name.empty())
        out.header("Content-Disposition", "attachment; filename*=UTF-8''" + percent_encode(download.file_name)); // RFC 6266 section 4.3
    out.header("X-Content-Type-Options", "nosniff");
}

} // namespace http
} // namespace gravity
