// Header values that are parsed on every request: dates, tags, ranges, codings, boundaries, addresses, queries; and decompression.
#include <gravity/http/address_policy.hpp>
#include <gravity/http/compress.hpp>
#include <gravity/http/conditional.hpp>
#include <gravity/http/multipart.hpp>

#include <cstdlib>

using namespace gravity::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto date = parse_http_date(text, 1'700'000'000))
        if (parse_http_date(format_http_date(*date), 1'700'000'000) != date) std::abort();
    etag_listed(text, "\"x\"", true);
    Request request;
    request.headers.add("Range", text);
    for (const ByteRange& range : evaluate_range(request, 1000, {}, 0).ranges)
        if (range.first > range.last || range.last >= 1000) std::abort();
    choose_coding(text);
    multipart_boundary(text);
    is_public_address(text);
    parse_query(text);
    for (const Coding coding : {Coding::gzip, Coding::brotli})
        if (const auto out = decompress(coding, text, 100'000); out && out->size() > 100'000) std::abort();
    return 0;
}
