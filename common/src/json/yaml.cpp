#include <gravity/base/ascii.hpp>
#include <gravity/base/utf8.hpp>
#include <gravity/json/yaml.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <sstream>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

namespace gravity {
namespace {

/// Why a text is refused, and where.
struct YamlFault {
    YAML::Mark mark;
    std::string why;
};

std::string place_in_yaml(const YAML::Mark& mark) { return "line " + std::to_string(mark.line + 1) + ", column " + std::to_string(mark.column + 1) + ": "; }

// ---- scalars: what YAML 1.1 (types int, float, bool of yaml.org/type) and the core schema of 1.2 (section 10.3.2) both say

bool among_words(std::string_view text, std::initializer_list<std::string_view> words) { return std::find(words.begin(), words.end(), text) != words.end(); }

bool are_digits(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), ascii::is_digit); }

std::string_view without_sign(std::string_view text) { return !text.empty() && (text.front() == '-' || text.front() == '+') ? text.substr(1) : text; }

template <class N, class... Base>
std::optional<N> number_of(std::string_view text, Base... base) {
    if (!text.empty() && text.front() == '+') text.remove_prefix(1);
    N value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base...);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool is_decimal_integer(std::string_view text) {
    text = without_sign(text);
    return are_digits(text) && (text.size() == 1 || text.front() != '0');
}

bool is_hexadecimal(std::string_view text) {
    return text.starts_with("0x") && text.size() > 2 && std::all_of(text.begin() + 2, text.end(), ascii::is_hex);
}

/// With a point, and an exponent only with a sign: [-+]?[0-9]*\.[0-9]*([eE][-+][0-9]+)?
bool is_fraction(std::string_view text) {
    text = without_sign(text);
    const auto exponent = text.find_first_of("eE");
    if (exponent != std::string_view::npos) {
        const std::string_view power = text.substr(exponent + 1);
        if (power.size() < 2 || (power.front() != '-' && power.front() != '+') || !are_digits(power.substr(1))) return false;
        text = text.substr(0, exponent);
    }
    const auto point = text.find('.');
    if (point == std::string_view::npos || text.size() < 2) return false;
    const auto empty_or_digits = [](std::string_view part) { return part.empty() || are_digits(part); };
    return empty_or_digits(text.substr(0, point)) && empty_or_digits(text.substr(point + 1));
}

Json plain_scalar(const std::string& text) {
    if (among_words(text, {"true", "True", "TRUE"})) return true;
    if (among_words(text, {"false", "False", "FALSE"})) return false;
    if (among_words(text, {"", "~", "null", "Null", "NULL"})) return {};
    if (is_decimal_integer(text))
        if (const auto number = number_of<std::int64_t>(text)) return *number;
    if (is_hexadecimal(text))
        if (const auto number = number_of<std::int64_t>(std::string_view(text).substr(2), 16)) return *number;
    if (is_fraction(text))
        if (const auto number = number_of<double>(text)) return *number;
    return text;
}

constexpr std::string_view core_tag = "tag:yaml.org,2002:";

std::optional<Json> tagged_scalar(std::string_view tag, const std::string& text) {
    if (tag == "?") return plain_scalar(text);
    if (tag == "!" || tag.empty()) return text; // in quotes
    if (!tag.starts_with(core_tag)) return std::nullopt;
    tag.remove_prefix(core_tag.size());
    if (tag == "str") return text;
    const Json value = plain_scalar(text);
    const bool fits = (tag == "bool" && value.kind() == Json::Kind::boolean) || (tag == "int" && value.kind() == Json::Kind::integer) ||
                      (tag == "float" && value.kind() == Json::Kind::number) || (tag == "null" && value.is_null());
    return fits ? std::optional<Json>(value) : std::nullopt;
}

bool is_tag_of(std::string_view tag, std::string_view kind) {
    return tag == "?" || tag == "!" || tag.empty() || (tag.starts_with(core_tag) && tag.substr(core_tag.size()) == kind);
}

/// Values and bytes of texts.
struct YamlWeight {
    std::size_t values = 1;
    std::size_t text = 0;
};

void weigh(const Json& value, YamlWeight& weight) {
    if (value.is_string()) weight.text += value.as_string().size();
    if (value.is_array()) {
        weight.values += value.size();
        for (const Json& item : value.as_array()) weigh(item, weight);
    }
    if (value.is_object()) {
        weight.values += value.size();
        for (const auto& [name, member] : value.as_object()) {
            weight.text += name.size();
            weigh(member, weight);
        }
    }
}

/// Makes a document of what the parser meets.
class YamlDocument final : public YAML::EventHandler {
public:
    explicit YamlDocument(const YamlLimits& limits) : limits_(limits) {}

    Json take() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark& mark) override { at_ = mark; }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        at_ = mark;
        if (wants_name()) throw YamlFault{mark, "a name is missing"};
        put(Json(), anchor);
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        at_ = mark;
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end()) throw YamlFault{mark, "an alias stands within what it names"};
        if (wants_name()) {
            if (!found->second.is_string()) throw YamlFault{mark, "a name must be a text"};
            return name(found->second.as_string(), false);
        }
        count(found->second);
        put(found->second, 0);
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
        at_ = mark;
        if (value.find('\0') != std::string::npos) throw YamlFault{mark, "a text has U+0000 in it"};
        if (!utf8::valid(value)) throw YamlFault{mark, "a text is not valid UTF-8"};
        auto scalar = tagged_scalar(tag, value);
        if (!scalar) throw YamlFault{mark, "the tag " + tag.substr(0, 100) + " does not fit, or is not of the core schema"};
        if (wants_name()) {
            if (anchor != 0) keep(anchor, Json(value));
            return name(value, tag == "?" && value == "<<");
        }
        count(*scalar);
        put(*std::move(scalar), anchor);
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
        begin(mark, tag, "seq", anchor, Json::array());
    }
    void OnSequenceEnd() override { end(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
        begin(mark, tag, "map", anchor, Json::object());
    }
    void OnMapEnd() override {
        Frame& frame = frames_.back();
        for (auto& [name, value] : frame.inherited) frame.value.as_object().emplace(name, std::move(value)); // its own go first
        end();
    }

private:
    struct Frame {
        Json value;
        YAML::anchor_t anchor = 0;
        std::optional<std::string> name{}; // of the member that comes
        bool merging = false;              // it is `<<`
        bool merged = false;               // one was there
        Json::Object inherited{};
    };

    bool wants_name() const { return !frames_.empty() && frames_.back().value.is_object() && !frames_.back().name; }

    void count(const Json& value) {
        YamlWeight weight;
        weigh(value, weight);
        count(weight);
    }
    void count(const YamlWeight& weight) {
        values_ += weight.values;
        text_ += weight.text;
        if (values_ > limits_.max_values || text_ > limits_.max_text) throw YamlFault{at_, "there is more than there may be"};
    }

    void name(const std::string& text, bool is_merge) {
        Frame& frame = frames_.back();
        count({0, text.size()});
        if (is_merge ? frame.merged : frame.value.find(text) != nullptr) throw YamlFault{at_, "\"" + text.substr(0, 100) + "\" stands twice"};
        frame.merging = is_merge;
        frame.merged = frame.merged || is_merge;
        frame.name = text;
    }

    void keep(YAML::anchor_t anchor, const Json& value) {
        count(value);
        anchors_.insert_or_assign(anchor, value);
    }

    void begin(const YAML::Mark& mark, const std::string& tag, std::string_view kind, YAML::anchor_t anchor, Json value) {
        at_ = mark;
        if (wants_name()) throw YamlFault{mark, "a name must be a text"};
        if (!is_tag_of(tag, kind)) throw YamlFault{mark, "the tag " + tag.substr(0, 100) + " does not fit, or is not of the core schema"};
        if (frames_.size() >= limits_.max_depth) throw YamlFault{mark, "it is nested deeper than " + std::to_string(limits_.max_depth)};
        count({1, 0});
        frames_.push_back({std::move(value), anchor});
    }
    void end() {
        Frame frame = std::move(frames_.back());
        frames_.pop_back();
        put(std::move(frame.value), frame.anchor);
    }

    void put(Json value, YAML::anchor_t anchor) {
        if (anchor != 0) keep(anchor, value);
        if (frames_.empty()) {
            root_ = std::move(value);
            return;
        }
        Frame& frame = frames_.back();
        if (frame.value.is_array()) return frame.value.push_back(std::move(value));
        if (frame.merging)
            merge(frame, std::move(value));
        else
            frame.value.as_object().emplace(*frame.name, std::move(value));
        frame.name.reset();
        frame.merging = false;
    }

    /// A mapping, or a list of them, of which the first that has a name gives the value.
    void merge(Frame& frame, Json value) {
        if (value.is_object()) {
            for (auto& [name, member] : value.as_object()) frame.inherited.emplace(name, std::move(member));
            return;
        }
        const auto is_mapping = [](const Json& each) { return each.is_object(); };
        if (!value.is_array() || !std::all_of(value.as_array().begin(), value.as_array().end(), is_mapping)) throw YamlFault{at_, "<< merges mappings"};
        for (Json& each : value.as_array()) merge(frame, std::move(each));
    }

    const YamlLimits limits_;
    YAML::Mark at_;
    Json root_;
    std::vector<Frame> frames_;
    std::map<YAML::anchor_t, Json> anchors_; // of what has ended
    std::size_t values_ = 0;
    std::size_t text_ = 0;
};

} // namespace

Parsed<Json> parse_yaml(std::string_view text, const YamlLimits& limits) {
    if (text.size() > limits.max_text) return ParseError{"must have at most " + std::to_string(limits.max_text) + " bytes"};
    if (!utf8::valid(text)) return ParseError{"must be valid UTF-8"};
    if (text.find('\0') != std::string_view::npos) return ParseError{"must not have U+0000 in it"};
    try {
        std::istringstream stream{std::string(text)};
        YAML::Parser parser(stream);
        YamlDocument document(limits);
        parser.HandleNextDocument(document);
        YamlDocument another(limits);
        if (parser.HandleNextDocument(another)) return ParseError{"must be one document"};
        return document.take();
    } catch (const YamlFault& fault) {
        return ParseError{place_in_yaml(fault.mark) + fault.why};
    } catch (const YAML::Exception& fault) {
        return ParseError{place_in_yaml(fault.mark) + fault.msg};
    }
}

} // namespace gravity
