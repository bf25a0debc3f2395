#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Comma-separated values (RFC 4180), read from a stream and written. Pure.
namespace gravity::product_catalog::csv {

struct Record {
    std::vector<std::string> fields;
    std::size_t line = 0; // where it begins, from 1
};

/// Takes a text in pieces of any size and gives records. Fields may be quoted, and then hold separators, quotes (doubled) and line breaks; a
/// line ends with CRLF, LF or CR; an empty line is none; a byte order mark at the start is not part of the first field.
class Reader {
public:
    struct Limits {
        std::size_t record_bytes = 1 << 20;
        std::size_t fields = 1'000;
    };
    Reader() = default;
    explicit Reader(Limits limits) : limits_(limits) {}

    void feed(std::string_view piece);
    /// No more pieces come: the last line may lack its end.
    void end();
    /// The next whole record; nothing if more must be fed, or after a fault.
    std::optional<Record> next();
    /// What is wrong with the text and where, if anything: nothing after it can be trusted.
    const std::optional<std::string>& fault() const { return fault_; }

private:
    enum class State : unsigned char {
        record,
        field,
        bare,
        quoted,
        quote,
        cr
    };
    void take(char c);
    void end_field();
    void end_record();
    void fail(std::string why);

    Limits limits_{};
    State state_ = State::record;
    std::vector<Record> ready_;
    std::size_t given_ = 0; // of ready_
    Record record_;
    std::string field_;
    std::size_t record_bytes_ = 0;
    std::size_t line_ = 1;
    std::size_t bytes_ = 0;
    std::optional<std::string> fault_;
};

/// A field as it is written: quoted where it must be. With `guard`, a text that a spreadsheet would take for a formula (it begins with =, +, -, @,
/// a tab or a carriage return) gets an apostrophe before it, as does one that begins with apostrophes and goes on like that.
std::string field(std::string_view text, bool guard = true);
/// A line of fields with its CRLF.
std::string line(const std::vector<std::string>& fields, bool guard = true);
/// Takes the guard off again, so that an exported file imports as what it was: one apostrophe.
std::string unguarded(std::string_view text);

} // namespace gravity::product_catalog::csv
