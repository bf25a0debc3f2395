#include "settings_files.hpp"

#include "problems.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/problem.hpp>
#include <gravity/base/utf8.hpp>
#include <gravity/json/yaml.hpp>

#include <algorithm>

namespace gravity::config {
namespace {

constexpr std::size_t most_faults_of_a_file = 50;
constexpr std::size_t most_values_of_a_file = 50'000;

[[noreturn]] void refuse_content(std::string why) { throw Refusal(problems::invalid).with_faults({{"/content", std::move(why)}}); }

[[noreturn]] void refuse_line(std::size_t line, std::string_view why) { refuse_content("line " + std::to_string(line) + ": " + std::string(why)); }

/// Flattens documents into keys of which none stands twice.
class Flattening {
public:
    void take(const std::string& key, const Json& value) {
        if (faults_.size() >= most_faults_of_a_file) return;
        if (std::string why; !split_key(key, why)) return add(key.substr(0, max_key_bytes), std::move(why));
        if (value.is_object()) {
            for (const auto& [name, member] : value.as_object()) take(key + "." + name, member);
        } else if (value.is_array() && value.size() > 0) {
            for (std::size_t i = 0; i < value.size(); ++i) take(key + "[" + std::to_string(i) + "]", value.as_array()[i]);
        } else {
            put(key, value.is_null() ? Json("") : value);
        }
    }

    Items finish() {
        for (const auto& [key, value] : items_)
            for (std::size_t i = 1; i < key.size(); ++i)
                if ((key[i] == '.' || key[i] == '[') && items_.contains(std::string_view(key).substr(0, i)))
                    add(key.substr(0, i), "has a value and parts as well");
        if (!faults_.empty()) throw Refusal(problems::invalid).with_faults(std::move(faults_));
        check_items(items_);
        return std::move(items_);
    }

private:
    void add(const std::string& key, std::string detail) {
        if (faults_.size() < most_faults_of_a_file) faults_.push_back({pointer_to_item(key), std::move(detail)});
    }
    void put(const std::string& key, const Json& value) {
        if (value.is_string() && value.as_string().size() > max_value_bytes)
            throw Refusal(value_too_large, "\"" + key + "\" has more than " + std::to_string(max_value_bytes) + " bytes");
        if (!items_.emplace(key, value).second) add(key, "stands twice");
        if (items_.size() > max_set_keys) throw Refusal(too_many_keys, "There may be " + std::to_string(max_set_keys));
    }

    Items items_;
    std::vector<Refusal::Fault> faults_;
};

/// With a line that ends the document behind its last line, unless that has no end: the parser takes the end of the file for that of a quoted text, and does
/// not take this.
std::string with_document_end(std::string_view content) {
    const auto last = content.find_last_not_of(" \t");
    if (last == std::string_view::npos || content[last] != '\n') return std::string(content);
    return std::string(content) + (last + 1 == content.size() ? "...\n" : "\n...\n");
}

Parsed<Json> yaml_of(std::string_view content, const YamlLimits& limits) {
    auto document = parse_yaml(with_document_end(content), limits);
    if (!document && parse_yaml(content, limits)) refuse_content("has quotes that do not end");
    return document;
}

Json document_of(SettingsFormat format, std::string_view content) {
    JsonLimits of_json;
    of_json.max_values = most_values_of_a_file;
    YamlLimits of_yaml;
    of_yaml.max_values = most_values_of_a_file;
    auto document = format == SettingsFormat::json ? Json::parse(content, of_json) : yaml_of(content, of_yaml);
    if (!document) refuse_content(document.why());
    if (document->is_null() && format == SettingsFormat::yaml) return Json::object(); // an empty file
    if (!document->is_object()) refuse_content("must be a mapping of names to values");
    return *std::move(document);
}

// ---- .properties

bool is_blank_of_java(char c) { return c == ' ' || c == '\t' || c == '\f'; }

/// Takes the next line off `rest`, without its end: "\n", "\r\n" or "\r".
std::string_view next_line(std::string_view& rest) {
    const auto end = rest.find_first_of("\r\n");
    const std::string_view line = rest.substr(0, end);
    if (end == std::string_view::npos) {
        rest = {};
        return line;
    }
    rest.remove_prefix(end + (rest.substr(end).starts_with("\r\n") ? 2 : 1));
    return line;
}

bool is_continued(std::string_view line) {
    const auto last = line.find_last_not_of('\\');
    const std::size_t backslashes = last == std::string_view::npos ? line.size() : line.size() - last - 1;
    return backslashes % 2 == 1;
}

std::string_view without_blanks_before(std::string_view line) {
    while (!line.empty() && is_blank_of_java(line.front())) line.remove_prefix(1);
    return line;
}

/// Texts with escapes, whose characters beyond the first 65,536 are two escapes.
class Unescaping {
public:
    explicit Unescaping(std::size_t line) : line_(line) {}

    std::string read(std::string_view text) {
        std::string out;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] != '\\') {
                end_pair();
                out += text[i];
                continue;
            }
            if (++i == text.size()) break; // a backslash at the very end of the file: Java drops it
            if (text[i] == 'u')
                unit(out, text, i);
            else
                plain(out, text[i]);
        }
        end_pair();
        return out;
    }

private:
    void plain(std::string& out, char c) {
        end_pair();
        switch (c) {
        case 't': out += '\t'; break;
        case 'n': out += '\n'; break;
        case 'r': out += '\r'; break;
        case 'f': out += '\f'; break;
        default: out += c;
        }
    }
    void unit(std::string& out, std::string_view text, std::size_t& i) {
        const std::string_view digits = text.substr(i + 1, 4);
        if (digits.size() != 4 || !std::all_of(digits.begin(), digits.end(), ascii::is_hex)) refuse_line(line_, "\\u wants four hexadecimal digits");
        char32_t value = 0;
        for (const char c : digits) value = value * 16 + static_cast<char32_t>(ascii::is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
        i += 4;
        if (value == 0) refuse_line(line_, "has U+0000 in it");
        if (value >= 0xD800 && value < 0xDC00) {
            end_pair();
            high_ = value;
        } else if (value >= 0xDC00 && value < 0xE000) {
            if (high_ == 0) refuse_line(line_, "has half a pair of surrogates");
            utf8::append(out, 0x10000 + ((high_ - 0xD800) << 10) + (value - 0xDC00));
            high_ = 0;
        } else {
            end_pair();
            utf8::append(out, value);
        }
    }
    void end_pair() {
        if (high_ != 0) refuse_line(line_, "has half a pair of surrogates");
    }

    std::size_t line_;
    char32_t high_ = 0; // the first half of a pair, whose other has to follow
};

bool says_nothing(std::string_view line) { return line.empty() || line.front() == '#' || line.front() == '!'; }

/// Where the key ends: before a blank, `=` or `:` that is not escaped.
std::size_t end_of_key(std::string_view line) {
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '\\')
            ++i;
        else if (is_blank_of_java(line[i]) || line[i] == '=' || line[i] == ':')
            return i;
    }
    return line.size();
}

// ---- dotenv

/// Reads on from a place, and knows its line.
class Dotenv {
public:
    explicit Dotenv(std::string_view content) : rest_(content) {}

    std::vector<std::pair<std::string, std::string>> read() {
        std::vector<std::pair<std::string, std::string>> found;
        for (; !rest_.empty(); end_line()) {
            skip_blanks();
            if (at_end() || rest_.front() == '#') {
                skip_to_end();
                continue;
            }
            std::string name = read_name();
            if (name == "export" && !at_end() && rest_.front() != '=') name = read_name();
            if (at_end() || rest_.front() != '=') refuse_line(line_, "wants a = behind the name");
            rest_.remove_prefix(1);
            skip_blanks();
            found.emplace_back(std::move(name), read_value());
        }
        return found;
    }

private:
    bool at_end() const { return rest_.empty() || rest_.front() == '\n' || rest_.front() == '\r'; }
    void skip_blanks() {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
    }
    void skip_to_end() {
        while (!at_end()) rest_.remove_prefix(1);
    }
    void end_line() {
        next_line(rest_); // nothing is left of it
        ++line_;
    }

    std::string read_name() {
        const auto fits = [](char c) { return ascii::is_alnum(c) || c == '_' || c == '.' || c == '-'; };
        const auto end = static_cast<std::size_t>(std::find_if_not(rest_.begin(), rest_.end(), fits) - rest_.begin());
        if (end == 0) refuse_line(line_, "wants a name of letters, digits, underscores, dots and hyphens");
        std::string name(rest_.substr(0, end));
        rest_.remove_prefix(end);
        skip_blanks();
        return name;
    }

    std::string read_value() {
        if (!rest_.empty() && (rest_.front() == '\'' || rest_.front() == '"')) return read_quoted(rest_.front());
        const auto ends = [&](std::size_t at) { // with the line, or with a comment
            if (rest_[at] == '#') return at == 0 || rest_[at - 1] == ' ' || rest_[at - 1] == '\t';
            return rest_[at] == '\n' || rest_[at] == '\r';
        };
        std::size_t end = 0;
        while (end < rest_.size() && !ends(end)) ++end;
        std::string value(ascii::trim(rest_.substr(0, end)));
        rest_.remove_prefix(end);
        skip_to_end();
        return value;
    }

    std::string read_quoted(char quote) {
        const std::size_t begun = line_;
        std::string value;
        rest_.remove_prefix(1);
        for (; !rest_.empty() && rest_.front() != quote; rest_.remove_prefix(1)) {
            if (rest_.front() == '\n') ++line_;
            if (quote == '"' && rest_.front() == '\\' && rest_.size() > 1) {
                rest_.remove_prefix(1);
                append_escape(value, rest_.front());
            } else {
                value += rest_.front();
            }
        }
        if (rest_.empty()) refuse_line(begun, "has quotes that do not end");
        rest_.remove_prefix(1);
        skip_blanks();
        if (!at_end() && rest_.front() != '#') refuse_line(line_, "has more behind the quotes");
        skip_to_end();
        return value;
    }

    static void append_escape(std::string& value, char c) {
        switch (c) {
        case 'n': value += '\n'; break;
        case 'r': value += '\r'; break;
        case 't': value += '\t'; break;
        case '"':
        case '\\':
        case '$': value += c; break;
        default: (value += '\\') += c; // no escape
        }
    }

    std::string_view rest_;
    std::size_t line_ = 1;
};

} // namespace

std::vector<std::pair<std::string, std::string>> read_properties(std::string_view content) {
    std::vector<std::pair<std::string, std::string>> found;
    std::size_t number = 0;
    while (!content.empty()) {
        const std::size_t begun = ++number;
        std::string_view line = without_blanks_before(next_line(content));
        if (says_nothing(line)) continue; // a comment is not continued
        std::string whole(line);
        while (is_continued(line) && !content.empty()) {
            whole.pop_back();
            ++number;
            line = without_blanks_before(next_line(content));
            if (whole.empty() && says_nothing(line)) break; // as long as there is nothing of it, a line may still be a comment
            whole += line;
        }
        if (whole.empty()) continue;
        const std::size_t end = end_of_key(whole);
        std::string_view value = without_blanks_before(std::string_view(whole).substr(end));
        if (!value.empty() && (value.front() == '=' || value.front() == ':')) value = without_blanks_before(value.substr(1));
        Unescaping escapes(begun);
        std::string key = escapes.read(std::string_view(whole).substr(0, end));
        found.emplace_back(std::move(key), escapes.read(value));
    }
    return found;
}

std::vector<std::pair<std::string, std::string>> read_dotenv(std::string_view content) { return Dotenv(content).read(); }

Items read_settings(SettingsFormat format, std::string_view content) {
    if (content.size() > max_file_bytes) throw Refusal(value_too_large, "A file has at most " + std::to_string(max_file_bytes) + " bytes");
    if (!utf8::valid(content)) refuse_content("must be valid UTF-8");
    if (content.find('\0') != std::string_view::npos) refuse_content("must not have U+0000 in it");
    if (content.starts_with("\xef\xbb\xbf")) content.remove_prefix(3); // a byte order mark, as editors of Windows write
    Flattening flattening;
    switch (format) {
    case SettingsFormat::yaml:
    case SettingsFormat::json: {
        const Json document = document_of(format, content); // named: a range-for over a member of a temporary outlives it
        for (const auto& [key, value] : document.as_object()) flattening.take(key, value);
        break;
    }
    case SettingsFormat::properties:
        for (const auto& [key, value] : read_properties(content)) flattening.take(key, value);
        break;
    case SettingsFormat::dotenv:
        for (const auto& [key, value] : read_dotenv(content)) flattening.take(key, value);
        break;
    }
    return flattening.finish();
}

} // namespace gravity::config
