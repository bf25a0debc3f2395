#pragma once

#include <gravity/http/message.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Dates, validators and byte ranges of RFC 9110 (sections 5.6.7, 8.8, 13 and 14). Pure.
namespace gravity::http {

/// "Sun, 06 Nov 1994 08:49:37 GMT"; seconds since the Unix epoch, years 1 to 9999.
std::string format_http_date(std::int64_t unix_seconds);
/// All three forms of RFC 9110 section 5.6.7; a two-digit year is taken as within fifty years of `now`. Nothing if malformed.
std::optional<std::int64_t> parse_http_date(std::string_view text, std::int64_t now);

/// Whether a list of entity tags (If-Match, If-None-Match), or "*", names `etag` (quoted, perhaps W/). Strong comparison: section 8.8.3.2.
bool etag_listed(std::string_view list, std::string_view etag, bool strong);

/// A compressed representation is another one and has a tag of its own (section 8.8.3.3): `"3"` becomes `"3-gzip"`, weak ones alike.
std::string coded_etag(std::string_view etag, std::string_view coding);
/// A list of entity tags with those of compressed representations as those of what they are made from: what a change is meant for.
std::string uncoded_etags(std::string_view list);

/// A representation's validators.
struct Validators {
    std::string etag;                          // quoted; empty: none
    std::optional<std::int64_t> last_modified; // Unix seconds
};
/// What section 13.2.2 makes of the request's preconditions for a GET or HEAD of an existing representation: 0 go on, 304, or 412.
int evaluate_preconditions(const Request& request, const Validators& validators, std::int64_t now);

struct ByteRange {
    std::uint64_t first = 0;
    std::uint64_t last = 0; // inclusive
    std::uint64_t size() const { return last - first + 1; }
    bool operator==(const ByteRange&) const = default;
};
struct RangeResult {
    enum class Kind : std::uint8_t {
        whole,
        partial,
        unsatisfiable
    };
    Kind kind = Kind::whole;
    std::vector<ByteRange> ranges{}; // of partial, as asked for
};
/// What to serve of `size` bytes. Whole if there is no Range, it is malformed or of another unit, If-Range does not hold, or it is
/// of the kind section 14.2 warns of (more than `max_ranges`, or overlapping). For GET only.
RangeResult evaluate_range(const Request& request, std::uint64_t size, const Validators& validators, std::int64_t now,
                           std::size_t max_ranges = 16);
/// "bytes 0-9/100"; without a range "bytes */100".
std::string content_range(std::optional<ByteRange> range, std::uint64_t size);

} // namespace gravity::http
