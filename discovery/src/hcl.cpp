#include "hcl.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/base/utf8.hpp>

#include <algorithm>
#include <cstdint>

namespace gravity::registry::hcl {
namespace {

class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    Value document() {
        skip();
        if (peek() == '{') { // JSON
            Value value = read_value();
            skip();
            if (!done()) refuse("nothing may follow the object");
            return value;
        }
        Value value;
        read_members(value, '\0');
        return value;
    }

private:
    [[noreturn]] void refuse(const std::string& what) const { throw Error("line " + std::to_string(line_) + ": " + what); }

    bool done() const { return at_ == text_.size(); }
    char peek() const { return done() ? '\0' : text_[at_]; }
    char take() {
        if (done()) refuse("it ends too early");
        const char c = text_[at_++];
        if (c == '\n') ++line_;
        return c;
    }
    bool take_if(char c) {
        if (done() || peek() != c) return false;
        take();
        return true;
    }

    // White space and comments.
    void skip() {
        for (;;) {
            while (!done() && (peek() == ' ' || peek() == '\t' || peek() == '\r' || peek() == '\n')) take();
            const std::string_view rest = text_.substr(at_);
            if (rest.starts_with('#') || rest.starts_with("//")) {
                while (!done() && peek() != '\n') take();
            } else if (rest.starts_with("/*")) {
                const std::size_t begun = line_;
                const auto end = rest.find("*/", 2);
                if (end == std::string_view::npos) refuse("the comment of line " + std::to_string(begun) + " has no end");
                for (std::size_t i = 0; i < end + 2; ++i) take();
            } else {
                return;
            }
        }
    }

    std::uint32_t read_hex(int digits) {
        std::uint32_t code = 0;
        for (int i = 0; i < digits; ++i) {
            const auto byte = hex_decode(std::string("0") + take());
            if (!byte) refuse("an escape in a text needs " + std::to_string(digits) + " hexadecimal digits");
            code = code << 4 | static_cast<unsigned char>((*byte)[0]);
        }
        return code;
    }

    void append_code(std::string& out, std::uint32_t code) {
        constexpr std::uint32_t high = 0xD800, low = 0xDC00, beyond = 0xE000;
        if (code >= high && code < low) { // the first half of a pair
            if (!take_if('\\') || !take_if('u')) refuse("half a character in a text");
            const std::uint32_t second = read_hex(4);
            if (second < low || second >= beyond) refuse("half a character in a text");
            code = 0x10000 + ((code - high) << 10) + (second - low);
        } else if (code >= low && code < beyond) {
            refuse("half a character in a text");
        }
        if (code == 0 || code > 0x10FFFF) refuse("no such character");
        utf8::append(out, code);
    }

    std::string read_quoted() {
        const std::size_t begun = line_;
        take();
        std::string out;
        for (;;) {
            if (done() || peek() == '\n') throw Error("line " + std::to_string(begun) + ": the text has no closing quote");
            const char c = take();
            if (c == '"') return out;
            if (c != '\\') {
                out += c;
                continue;
            }
            switch (take()) {
            case '"': out += '"'; break;
            case '\\': out += '\\'; break;
            case '/': out += '/'; break;
            case 'b': out += '\b'; break;
            case 'f': out += '\f'; break;
            case 'n': out += '\n'; break;
            case 'r': out += '\r'; break;
            case 't': out += '\t'; break;
            case 'u': append_code(out, read_hex(4)); break;
            case 'U': append_code(out, read_hex(8)); break;
            default: refuse("unknown escape in a text");
            }
        }
    }

    static bool of_word(char c) { return ascii::is_alnum(c) || c == '_' || c == '-' || c == '.'; }

    std::string read_word() {
        std::string word;
        while (!done() && of_word(peek())) word += take();
        if (word.empty()) refuse(done() ? "it ends too early" : "unexpected character");
        return word;
    }

    std::string read_name() { return peek() == '"' ? read_quoted() : read_word(); }

    // `name = value`, `name: value`, `name "label" { ... }`. A label makes an object around the block.
    Member read_member() {
        Member member;
        member.value.line = line_;
        member.name = read_name();
        skip();
        if (take_if('=') || take_if(':')) {
            skip();
            member.value = read_value();
            return member;
        }
        if (peek() == '{') {
            member.value = read_value();
            return member;
        }
        if (peek() != '"' && !of_word(peek())) refuse("after \"" + member.name + "\" there must be \"=\", a name or a block");
        const Nested nested(*this);
        member.value.members.push_back(read_member());
        return member;
    }

    void read_members(Value& object, char end) {
        for (;;) {
            skip();
            if (end != '\0' && take_if(end)) return;
            if (end == '\0' && done()) return;
            object.members.push_back(read_member());
            skip();
            take_if(',');
        }
    }

    Value read_value() {
        const Nested nested(*this);
        Value value;
        value.line = line_;
        if (take_if('{')) {
            read_members(value, '}');
        } else if (take_if('[')) {
            value.kind = Value::Kind::list;
            for (;;) {
                skip();
                if (take_if(']')) break;
                value.items.push_back(read_value());
                skip();
                if (!take_if(',') && peek() != ']') refuse("items of a list need a comma between them");
            }
        } else {
            value.kind = Value::Kind::text;
            value.quoted = peek() == '"' || peek() == '<';
            value.text = peek() == '<' ? read_here_document() : read_name();
            const bool is_power = !value.quoted && (value.text.ends_with('e') || value.text.ends_with('E'));
            if (is_power && take_if('+')) value.text += read_word(); // 1e+9
        }
        return value;
    }

    std::string_view take_line() {
        const std::size_t begin = at_;
        while (!done() && peek() != '\n') take();
        std::string_view line = text_.substr(begin, at_ - begin);
        if (line.ends_with('\r')) line.remove_suffix(1);
        take_if('\n');
        return line;
    }

    // `<<NAME`, lines, and a line with nothing but NAME. With `<<-` what all lines are indented by is taken off.
    std::string read_here_document() {
        const std::size_t begun = line_;
        take();
        if (!take_if('<')) refuse("unexpected character");
        const bool indented = take_if('-');
        const std::string_view name = take_line();
        if (name.empty() || std::find_if_not(name.begin(), name.end(), of_word) != name.end()) refuse("a here-document needs a word behind <<");
        std::vector<std::string_view> lines;
        std::size_t indent = std::string_view::npos;
        for (;;) {
            if (done()) throw Error("line " + std::to_string(begun) + ": the here-document has no end");
            const std::string_view line = take_line();
            const std::size_t blanks = std::min(line.find_first_not_of(" \t"), line.size());
            if (line.substr(blanks) == name) {
                indent = std::min(indent, blanks);
                break;
            }
            if (!line.empty()) indent = std::min(indent, blanks);
            lines.push_back(line);
        }
        std::string out;
        for (std::string_view line : lines) {
            if (indented) line.remove_prefix(std::min(indent, line.size()));
            out += line;
            out += '\n';
        }
        return out;
    }

    struct Nested {
        explicit Nested(Reader& in) : reader(in) {
            if (++reader.depth_ > max_depth) reader.refuse("it is nested too deeply");
        }
        ~Nested() { --reader.depth_; }
        Nested(const Nested&) = delete;
        Nested& operator=(const Nested&) = delete;
        Reader& reader;
    };

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
    std::size_t depth_ = 0;
};

} // namespace

Value parse(std::string_view text) {
    if (text.find('\0') != text.npos) throw Error("it has a null character");
    if (text.size() > max_bytes) throw Error("it has more than " + std::to_string(max_bytes) + " bytes");
    return Reader(text).document();
}

} // namespace gravity::registry::hcl
