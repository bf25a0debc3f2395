#include "yaml.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/utf8.hpp>

#include <charconv>
#include <cmath>
#include <sstream>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

namespace gravity::gateway {
namespace {

struct RefusedYaml {
    std::string why;
};

/// Of a character that belongs nowhere, such as a stray "]", yaml-cpp makes empty documents without end. One that begins where the last one began is that.
class Progress : public YAML::EventHandler {
public:
    void OnDocumentStart(const YAML::Mark& mark) override {
        if (mark.pos == last_) throw YAML::ParserException(mark, "unexpected character");
        last_ = mark.pos;
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
    void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
    void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
    void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
    void OnMapEnd() override {}

private:
    int last_ = -1;
};

void check_that_it_ends(const std::string& text) {
    std::istringstream in(text);
    YAML::Parser parser(in);
    Progress progress;
    while (parser.HandleNextDocument(progress)) {}
}

/// Of an unquoted scalar: YAML 1.2's core schema, without octal and hexadecimal numbers, which JSON readers do not know.
Json scalar_of(const std::string& text) {
    if (text.empty() || text == "~" || text == "null") return nullptr;
    if (text == "true" || text == "false") return text == "true";
    const char* end = text.data() + text.size();
    std::int64_t integer = 0;
    if (const auto [stop, error] = std::from_chars(text.data(), end, integer); error == std::errc() && stop == end) return integer;
    const bool digits = ascii::is_digit(text.front()) || (text.size() > 1 && text.front() == '-' && ascii::is_digit(text[1])); // not "inf"
    double number = 0;
    if (const auto [stop, error] = std::from_chars(text.data(), end, number); digits && error == std::errc() && stop == end && std::isfinite(number))
        return number;
    return text;
}

class Conversion {
public:
    Json value(const YAML::Node& node, std::size_t depth) {
        if (depth > limits_.max_depth) throw RefusedYaml{"it is nested too deeply"};
        if (++count_ > limits_.max_values) throw RefusedYaml{"it has too many values"};
        switch (node.Type()) {
        case YAML::NodeType::Scalar: return scalar(node);
        case YAML::NodeType::Sequence: {
            Json::Array items;
            for (const YAML::Node& item : node) items.push_back(value(item, depth + 1));
            return items;
        }
        case YAML::NodeType::Map: return mapping(node, depth);
        default: return nullptr;
        }
    }

private:
    static Json scalar(const YAML::Node& node) {
        if (!utf8::valid(node.Scalar()) || node.Scalar().find('\0') != std::string::npos) throw RefusedYaml{"a text is not UTF-8"};
        return node.Tag() == "?" ? scalar_of(node.Scalar()) : Json(node.Scalar());
    }
    Json mapping(const YAML::Node& node, std::size_t depth) {
        Json::Object members;
        for (const auto& entry : node) {
            if (!entry.first.IsScalar()) throw RefusedYaml{"a name is no text"};
            Json name = scalar(entry.first);
            const std::string key = name.is_string() ? name.as_string() : entry.first.Scalar();
            if (!members.emplace(key, value(entry.second, depth + 1)).second) throw RefusedYaml{"\"" + key + "\" is there twice"};
        }
        return members;
    }

    JsonLimits limits_;
    std::size_t count_ = 0;
};

} // namespace

Parsed<std::vector<Json>> parse_yaml(const std::string& text) {
    try {
        check_that_it_ends(text);
        std::vector<Json> documents;
        Conversion conversion;
        for (const YAML::Node& node : YAML::LoadAll(text))
            if (!node.IsNull()) documents.push_back(conversion.value(node, 0));
        return documents;
    } catch (const YAML::Exception& error) {
        return ParseError{"line " + std::to_string(error.mark.line + 1) + ": " + error.msg};
    } catch (const RefusedYaml& refused) {
        return ParseError{refused.why};
    }
}

} // namespace gravity::gateway
