#include "csv.hpp"

#include <algorithm>
#include <utility>

namespace gravity::product_catalog::csv {
namespace {

bool is_formula(std::string_view text) {
    return !text.empty() && (text[0] == '=' || text[0] == '+' || text[0] == '-' || text[0] == '@' || text[0] == '\t' || text[0] == '\r');
}

// One that looks guarded already gets a guard as well, so that taking one off always gives what was written.
bool needs_guard(std::string_view text) { return is_formula(text.substr(std::min(text.find_first_not_of('\''), text.size()))); }

} // namespace

void Reader::feed(std::string_view piece) {
    for (const char c : piece) {
        if (fault_) return;
        // U+FEFF, if the text begins with it.
        if (bytes_ < 3 && c == "\xef\xbb\xbf"[bytes_] && (bytes_ == 0 || (state_ == State::bare && field_.size() == bytes_ && record_.fields.empty()))) {
            take(c);
            if (++bytes_ == 3) {
                field_.clear();
                record_bytes_ = 0;
                state_ = State::record;
            }
            continue;
        }
        if (bytes_ < 3) bytes_ = 3;
        take(c);
    }
}

void Reader::take(char c) {
    if (state_ == State::cr) {
        state_ = State::record;
        if (c == '\n') return; // of the same line end; the line was counted
    }
    if (++record_bytes_ > limits_.record_bytes) return fail("a record is longer than " + std::to_string(limits_.record_bytes) + " bytes");
    const bool line_end = c == '\n' || c == '\r';
    switch (state_) {
    case State::record:
        if (line_end) { // an empty line
            ++line_;
            record_bytes_ = 0;
            state_ = c == '\r' ? State::cr : State::record;
            return;
        }
        record_.line = line_;
        [[fallthrough]];
    case State::field:
        if (c == '"') {
            state_ = State::quoted;
            return;
        }
        state_ = State::bare;
        [[fallthrough]];
    case State::bare:
        if (c == ',') return end_field();
        if (line_end) break;
        if (c == '"') return fail("a quote inside a field that is not quoted");
        field_ += c;
        return;
    case State::quoted:
        if (c == '"') {
            state_ = State::quote;
            return;
        }
        if (c == '\n') ++line_;
        field_ += c;
        return;
    case State::quote: // behind a quote inside quotes: its double, or the end
        if (c == '"') {
            field_ += '"';
            state_ = State::quoted;
            return;
        }
        if (c == ',') return end_field();
        if (line_end) break;
        return fail("text after the closing quote of a field");
    case State::cr: return; // handled above
    }
    end_record();
    ++line_;
    state_ = c == '\r' ? State::cr : State::record;
}

void Reader::end_field() {
    record_.fields.push_back(std::exchange(field_, {}));
    if (record_.fields.size() > limits_.fields) return fail("a record has more than " + std::to_string(limits_.fields) + " fields");
    state_ = State::field;
}

void Reader::end_record() {
    end_field();
    if (fault_) return;
    ready_.push_back(std::exchange(record_, {}));
    record_bytes_ = 0;
    state_ = State::record;
}

void Reader::end() {
    if (fault_ || state_ == State::record || state_ == State::cr) return;
    if (state_ == State::quoted) return fail("a quoted field does not end");
    end_record();
}

std::optional<Record> Reader::next() {
    if (given_ == ready_.size()) {
        ready_.clear();
        given_ = 0;
        return std::nullopt;
    }
    return std::move(ready_[given_++]);
}

void Reader::fail(std::string why) {
    if (!fault_) fault_ = "line " + std::to_string(line_) + ": " + why;
}

std::string field(std::string_view text, bool guard) {
    std::string out = guard && needs_guard(text) ? "'" : "";
    out += text;
    if (out.find_first_of(",\"\r\n") == std::string::npos && !out.starts_with("\xef\xbb\xbf")) return out; // a byte order mark would be skipped
    std::string quoted = "\"";
    for (const char c : out) quoted.append(c == '"' ? 2 : 1, c);
    return quoted + "\"";
}

std::string line(const std::vector<std::string>& fields, bool guard) {
    if (fields.size() == 1 && fields[0].empty()) return "\"\"\r\n"; // an empty line is no record
    std::string out;
    for (std::size_t i = 0; i < fields.size(); ++i) out += (i == 0 ? "" : ",") + field(fields[i], guard);
    return out + "\r\n";
}

std::string unguarded(std::string_view text) {
    if (!text.empty() && text[0] == '\'' && needs_guard(text)) text.remove_prefix(1);
    return std::string(text);
}

} // namespace gravity::product_catalog::csv
