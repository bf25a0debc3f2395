#include <gravity/http/conditional.hpp>
#include <gravity/http/wire.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace gravity::http {
namespace {

constexpr std::array<std::string_view, 7> days{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// Takes a date text apart from the left; once something does not fit, nothing does.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}
    bool done() const { return good_ && rest_.empty(); }
    bool good() const { return good_; }
    Scanner& literal(std::string_view wanted) {
        good_ = good_ && rest_.substr(0, wanted.size()) == wanted;
        if (good_) rest_.remove_prefix(wanted.size());
        return *this;
    }
    Scanner& number(std::size_t digits, int& value) {
        value = 0;
        good_ = good_ && rest_.size() >= digits;
        for (std::size_t i = 0; good_ && i < digits; ++i) {
            good_ = rest_[i] >= '0' && rest_[i] <= '9';
            value = value * 10 + (rest_[i] - '0');
        }
        if (good_) rest_.remove_prefix(digits);
        return *this;
    }
    Scanner& month(int& value) {
        const auto at = std::find(months.begin(), months.end(), rest_.substr(0, 3));
        good_ = good_ && at != months.end();
        if (good_) value = static_cast<int>(at - months.begin()) + 1, rest_.remove_prefix(3);
        return *this;
    }
    Scanner& day_name(bool whole) {
        bool found = false;
        for (const std::string_view day : days) {
            const std::string_view name = whole ? day : day.substr(0, 3);
            if (found || rest_.substr(0, name.size()) != name) continue;
            found = true;
            rest_.remove_prefix(name.size());
        }
        good_ = good_ && found;
        return *this;
    }
    bool skip_space() {
        if (!good_ || rest_.empty() || rest_.front() != ' ') return false;
        rest_.remove_prefix(1);
        return true;
    }

private:
    std::string_view rest_;
    bool good_ = true;
};

struct DateParts {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};
std::optional<std::int64_t> to_seconds(const DateParts& p) {
    using namespace std::chrono;
    const year_month_day date{year{p.year}, month{static_cast<unsigned>(p.month)}, day{static_cast<unsigned>(p.day)}};
    if (!date.ok() || p.hour > 23 || p.minute > 59 || p.second > 60) return std::nullopt;
    return sys_days{date}.time_since_epoch().count() * std::int64_t{86400} + p.hour * 3600 + p.minute * 60 + std::min(p.second, 59);
}

Scanner& time_of_day(Scanner& scan, DateParts& p) {
    return scan.number(2, p.hour).literal(":").number(2, p.minute).literal(":").number(2, p.second);
}

std::string_view opaque(std::string_view etag) { return etag.substr(0, 2) == "W/" ? etag.substr(2) : etag; }
bool is_weak(std::string_view etag) { return etag.substr(0, 2) == "W/"; }

std::optional<std::uint64_t> parse_position(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

} // namespace

std::string format_http_date(std::int64_t unix_seconds) {
    using namespace std::chrono;
    const sys_seconds time{seconds{unix_seconds}};
    const auto date_days = floor<std::chrono::days>(time);
    const year_month_day date{date_days};
    const hh_mm_ss clock{time - date_days};
    char text[40]; // not strftime: its names follow the locale
    std::snprintf(text, sizeof text, "%.3s, %02u %.3s %04d %02d:%02d:%02d GMT", days[weekday{date_days}.c_encoding()].data(),
                  static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1].data(), static_cast<int>(date.year()),
                  static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return text;
}

std::optional<std::int64_t> parse_http_date(std::string_view text, std::int64_t now) {
    DateParts p;
    Scanner fixed(text); // Sun, 06 Nov 1994 08:49:37 GMT
    fixed.day_name(false).literal(", ").number(2, p.day).literal(" ").month(p.month).literal(" ").number(4, p.year).literal(" ");
    if (time_of_day(fixed, p).literal(" GMT").done()) return to_seconds(p);
    Scanner rfc850(text); // Sunday, 06-Nov-94 08:49:37 GMT
    rfc850.day_name(true).literal(", ").number(2, p.day).literal("-").month(p.month).literal("-").number(2, p.year).literal(" ");
    if (time_of_day(rfc850, p).literal(" GMT").done()) {
        const auto today = std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds{std::chrono::seconds{now}});
        const int this_year = static_cast<int>(std::chrono::year_month_day{today}.year());
        p.year += this_year / 100 * 100;
        if (p.year > this_year + 50) p.year -= 100;
        return to_seconds(p);
    }
    Scanner asctime(text); // Sun Nov  6 08:49:37 1994
    asctime.day_name(false).literal(" ").month(p.month).literal(" ");
    if (asctime.skip_space()) asctime.number(1, p.day);
    else asctime.number(2, p.day);
    asctime.literal(" ");
    if (time_of_day(asctime, p).literal(" ").number(4, p.year).done()) return to_seconds(p);
    return std::nullopt;
}

bool etag_listed(std::string_view list, std::string_view etag, bool strong) {
    while (!list.empty() && (list.front() == ' ' || list.front() == '\t')) list.remove_prefix(1);
    if (list == "*") return true;
    if (strong && is_weak(etag)) return false;
    while (!list.empty()) { // quotes may hold commas: no simple split
        if (list.front() == ' ' || list.front() == '\t' || list.front() == ',') {
            list.remove_prefix(1);
            continue;
        }
        const std::size_t open = is_weak(list) ? 2 : 0;
        if (list.size() <= open || list[open] != '"') return false;
        const std::size_t close = list.find('"', open + 1);
        if (close == list.npos) return false;
        const std::string_view listed = list.substr(0, close + 1);
        if (opaque(listed) == opaque(etag) && !(strong && is_weak(listed))) return true;
        list.remove_prefix(close + 1);
    }
    return false;
}

int evaluate_preconditions(const Request& request, const Validators& validators, std::int64_t now) {
    const Headers& headers = request.headers;
    if (headers.has("If-Match")) {
        if (!etag_listed(headers.joined("If-Match"), validators.etag, true)) return 412;
    } else if (const auto since = headers.get("If-Unmodified-Since"); since && validators.last_modified) {
        const auto limit = parse_http_date(*since, now);
        if (limit && *validators.last_modified > *limit) return 412;
    }
    if (headers.has("If-None-Match")) {
        if (etag_listed(headers.joined("If-None-Match"), validators.etag, false)) return 304;
    } else if (const auto since = headers.get("If-Modified-Since"); since && validators.last_modified) {
        const auto limit = parse_http_date(*since, now);
        if (limit && *validators.last_modified <= *limit) return 304;
    }
    return 0;
}

RangeResult evaluate_range(const Request& request, std::uint64_t size, const Validators& validators, std::int64_t now, std::size_t max_ranges) {
    RangeResult whole;
    if (request.method != Method::get || request.headers.count("Range") != 1) return whole;
    if (const auto condition = request.headers.get("If-Range")) { // section 13.1.5
        bool holds;
        if (condition->find('"') != condition->npos) {
            holds = !validators.etag.empty() && *condition == validators.etag && !is_weak(validators.etag);
        } else {
            // Two changes within a second have the same date: it is strong only when that second is well past (section 8.8.2.2).
            const auto date = parse_http_date(*condition, now);
            holds = date && validators.last_modified == date && now - *date > 60;
        }
        if (!holds) return whole;
    }
    std::string_view spec = *request.headers.get("Range");
    if (spec.size() < 6 || !iequals(spec.substr(0, 6), "bytes=")) return whole;
    spec.remove_prefix(6);
    RangeResult result;
    result.kind = RangeResult::Kind::partial;
    std::size_t count = 0;
    bool malformed = false;
    each_list_member(spec, [&](std::string_view member) {
        ++count;
        const std::size_t dash = member.find('-');
        if (dash == member.npos || malformed) {
            malformed = true;
            return;
        }
        const std::string_view left = member.substr(0, dash), right = member.substr(dash + 1);
        const auto first = parse_position(left), last = parse_position(right);
        if (left.empty()) { // the last so many bytes
            if (!last) malformed = true;
            else if (*last != 0 && size != 0) result.ranges.push_back({size - std::min(*last, size), size - 1});
        } else if (!first || (!right.empty() && !last) || (last && *last < *first)) {
            malformed = true;
        } else if (*first < size) {
            result.ranges.push_back({*first, std::min(last.value_or(size - 1), size - 1)});
        }
    });
    if (malformed || count == 0 || count > max_ranges) return whole;
    if (result.ranges.empty()) {
        result.kind = RangeResult::Kind::unsatisfiable;
        return result;
    }
    auto sorted = result.ranges;
    std::sort(sorted.begin(), sorted.end(), [](const ByteRange& a, const ByteRange& b) { return a.first < b.first; });
    for (std::size_t i = 1; i < sorted.size(); ++i)
        if (sorted[i].first <= sorted[i - 1].last) return whole;
    return result;
}

std::string content_range(std::optional<ByteRange> range, std::uint64_t size) {
    std::string text = "bytes ";
    if (range) text += std::to_string(range->first) + "-" + std::to_string(range->last);
    else text += "*";
    return text + "/" + std::to_string(size);
}

std::string coded_etag(std::string_view etag, std::string_view coding) {
    if (etag.size() < 2 || etag.back() != '"') return std::string(etag);
    return std::string(etag.substr(0, etag.size() - 1)) + '-' + std::string(coding) + '"';
}

std::string uncoded_etags(std::string_view list) {
    std::string out(list);
    for (const std::string_view suffix : {"-gzip\"", "-br\""})
        for (std::size_t at = 0; (at = out.find(suffix, at)) != std::string::npos;) out.erase(at, suffix.size() - 1);
    return out;
}

} // namespace gravity::http
