#include <gravity/http/sse.hpp>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace gravity::http {

std::string encode(const SseEvent& event) {
    const auto check = [](std::string_view text, const char* what) {
        if (text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos)
            throw std::invalid_argument(std::string("an event's ") + what + " has a line end or NUL");
    };
    check(event.id, "id");
    check(event.event, "name");
    std::string out;
    out.reserve(event.data.size() + event.id.size() + event.event.size() + 32);
    if (!event.id.empty()) out.append("id: ").append(event.id).append("\n");
    if (!event.event.empty()) out.append("event: ").append(event.event).append("\n");
    if (event.retry) out.append("retry: ").append(std::to_string(event.retry->count())).append("\n");
    std::string_view rest = event.data;
    for (;;) { // a line of its own for each: CR alone ends a line for the client as well
        const std::size_t end = std::min(rest.find_first_of("\r\n"), rest.size());
        out.append("data: ").append(rest.substr(0, end)).append("\n");
        if (end == rest.size()) break;
        rest.remove_prefix(rest.substr(end, 2) == "\r\n" ? end + 2 : end + 1);
    }
    out += '\n';
    return out;
}

std::optional<std::string> last_event_id(const Request& request) {
    const auto id = request.headers.get("Last-Event-ID");
    if (!id || id->empty()) return std::nullopt;
    return std::string(*id);
}

bool SseParser::feed(std::string_view bytes, const Sink& sink) {
    for (const char c : bytes) {
        if (failed_) return false;
        const bool follows_cr = std::exchange(after_cr_, c == '\r');
        if (c == '\n' && follows_cr) continue; // second half of CRLF
        if (c == '\r' || c == '\n') {
            end_line(sink);
            continue;
        }
        line_ += c;
        if (line_.size() + data_.size() > max_) failed_ = true;
    }
    return !failed_;
}

void SseParser::end_line(const Sink& sink) {
    std::string_view line = line_;
    if (!std::exchange(started_, true) && line.substr(0, 3) == "\xef\xbb\xbf") line.remove_prefix(3);
    if (line.empty()) {
        if (has_data_) {
            data_.pop_back(); // the LF behind the last line
            SseEvent event{last_id_, event_.empty() ? "message" : std::move(event_), std::move(data_)};
            sink(std::move(event));
        }
        data_.clear();
        event_.clear();
        has_data_ = false;
    } else if (line.front() != ':') {
        const std::size_t colon = std::min(line.find(':'), line.size());
        const std::string_view field = line.substr(0, colon);
        std::string_view value = line.substr(std::min(colon + 1, line.size()));
        if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
        if (field == "data") {
            data_.append(value).append("\n");
            has_data_ = true;
        } else if (field == "event") {
            event_ = value;
        } else if (field == "id") {
            if (value.find('\0') == value.npos) last_id_ = value;
        } else if (field == "retry") {
            std::uint32_t milliseconds = 0;
            const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), milliseconds);
            if (error == std::errc{} && end == value.data() + value.size()) retry_ = std::chrono::milliseconds(milliseconds);
        }
    }
    line_.clear();
}

} // namespace gravity::http
