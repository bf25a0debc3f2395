#include "filter.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/meta/describe.hpp>

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

namespace gravity::registry {
namespace {

enum class Operator : unsigned char {
    equal,
    in, // also `contains`, from the other side
    is_empty,
    matches
};

using FieldPath = std::vector<std::string>;

struct Match {
    FieldPath path;
    Operator op = Operator::equal;
    bool negated = false;
    Json value;
    std::shared_ptr<const re2::RE2> pattern{};
};

} // namespace

struct Filter::Expression {
    enum class Kind : unsigned char {
        match,
        not_,
        and_,
        or_
    };
    Kind kind = Kind::match;
    Match match{};
    std::vector<Expression> parts{};
};

namespace {

using Expression = Filter::Expression;

// ---- from text to a tree

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

const meta::Type& bare(const meta::Type& type) { return type.kind == meta::Kind::optional ? bare(type.optional->element()) : type; }

std::string shown(const FieldPath& path) {
    std::string text;
    for (const std::string& part : path) text += (text.empty() ? "" : ".") + part;
    return text;
}

/// What stands on one side of an operator: a name may be a selector or, where a value is wanted, the value of that text.
struct Operand {
    std::string text;
    FieldPath path;          // empty: it can only be a value
    bool quoted = false;
};

class Parser {
public:
    Parser(std::string_view text, const meta::Type& item) : text_(text), item_(item) {}

    Expression whole() {
        Expression root = any_of();
        skip_space();
        if (at_ != text_.size()) fail("unexpected text");
        return root;
    }

private:
    [[noreturn]] void fail(const std::string& why) const {
        throw FilterError("Failed to create boolean expression evaluator: 1:" + std::to_string(at_ + 1) + " (" + std::to_string(at_) + "): " + why);
    }

    bool skip_space() {
        const std::size_t before = at_;
        while (at_ < text_.size() && is_space(text_[at_])) ++at_;
        return at_ != before;
    }
    bool take(std::string_view sign) {
        if (!text_.substr(at_).starts_with(sign)) return false;
        at_ += sign.size();
        return true;
    }
    // A word that ends where a name would go on does not count: `notes` is not `not`.
    bool take_word(std::string_view word) {
        const std::size_t before = at_;
        if (take(word) && (at_ == text_.size() || is_space(text_[at_]) || text_[at_] == '(' || text_[at_] == ')')) return true;
        at_ = before;
        return false;
    }
    // Words with space between them and before; nothing is taken if they are not all there.
    bool take_words(std::initializer_list<std::string_view> words) {
        const std::size_t before = at_;
        for (const std::string_view word : words) {
            skip_space();
            if (take_word(word)) continue;
            at_ = before;
            return false;
        }
        return true;
    }

    Expression several(Expression::Kind kind, std::string_view word, Expression (Parser::*part)()) {
        Expression all;
        all.kind = kind;
        do all.parts.push_back((this->*part)());
        while (take_words({word}));
        if (all.parts.size() > 1) return all;
        Expression only = std::move(all.parts.front());
        return only;
    }
    Expression any_of() { return several(Expression::Kind::or_, "or", &Parser::all_of); }
    Expression all_of() { return several(Expression::Kind::and_, "and", &Parser::one); }

    Expression one() {
        skip_space();
        const std::size_t before = at_;
        if (take("(")) {
            deeper();
            Expression inner = any_of();
            skip_space();
            if (!take(")")) fail("Unmatched parentheses");
            --depth_;
            return inner;
        }
        if (take_word("not") && skip_or_paren()) {
            deeper();
            Expression negation;
            negation.kind = Expression::Kind::not_;
            negation.parts.push_back(one());
            --depth_;
            return negation;
        }
        at_ = before;
        return comparison();
    }
    bool skip_or_paren() { return skip_space() || (at_ < text_.size() && text_[at_] == '('); }
    void deeper() {
        if (++depth_ > Filter::max_depth) fail("too many levels");
    }

    Expression comparison() {
        const Operand left = operand();
        Expression expression;
        Match& match = expression.match;
        const std::size_t before = at_;
        skip_space();
        if (take("==") || take("!=")) {
            match.op = Operator::equal;
            match.negated = text_[at_ - 2] == '!';
            select(match, left);
            set_value(match, operand());
            return expression;
        }
        at_ = before;
        const bool negated_in = take_words({"not", "in"});
        if (negated_in || take_words({"in"})) {
            match.op = Operator::in;
            match.negated = negated_in;
            select(match, operand());
            set_value(match, left);
            return expression;
        }
        select(match, left);
        if (take_words({"is", "empty"}) || (match.negated = take_words({"is", "not", "empty"}))) {
            match.op = Operator::is_empty;
            check_operator(match);
            return expression;
        }
        for (const auto& [word, op] : {std::pair("contains", Operator::in), std::pair("matches", Operator::matches)}) {
            match.negated = take_words({"not", word});
            if (!match.negated && !take_words({word})) continue;
            match.op = op;
            set_value(match, operand());
            return expression;
        }
        fail("no operator, such as ==, !=, in, contains, is empty, matches");
    }

    Operand operand() {
        skip_space();
        if (at_ == text_.size()) fail("the expression ends where a selector or a value should be");
        const char c = text_[at_];
        Operand operand;
        if (c == '"' || c == '`') {
            operand.text = literal();
            operand.quoted = true;
            if (operand.text.starts_with('/')) operand.path = pointer(operand.text);
        } else if (c == '-' || ascii::is_digit(c)) {
            const std::size_t from = at_++;
            while (at_ < text_.size() && (ascii::is_alnum(text_[at_]) || text_[at_] == '.')) ++at_;
            operand.text = text_.substr(from, at_ - from);
        } else if (ascii::is_alpha(c)) {
            const std::size_t from = at_;
            operand.path = selector();
            operand.text = text_.substr(from, at_ - from);
        } else {
            fail("neither a selector nor a value");
        }
        return operand;
    }

    std::string name() {
        const std::size_t from = at_;
        while (at_ < text_.size() && (ascii::is_alnum(text_[at_]) || text_[at_] == '_' || text_[at_] == '/')) ++at_;
        if (at_ == from) fail("a name is missing");
        return std::string(text_.substr(from, at_ - from));
    }
    FieldPath selector() {
        FieldPath path{name()};
        for (;;) {
            if (take(".")) {
                path.push_back(name());
            } else if (take("[")) {
                skip_space();
                if (at_ == text_.size() || (text_[at_] != '"' && text_[at_] != '`')) fail("an index is a quoted text");
                path.push_back(literal());
                skip_space();
                if (!take("]")) fail("Unclosed index expression");
            } else {
                return path;
            }
        }
    }
    static FieldPath pointer(std::string_view text) { // RFC 6901
        FieldPath path;
        for (std::size_t from = 1; from <= text.size();) {
            const auto end = std::min(text.find('/', from), text.size());
            std::string part;
            for (std::size_t i = from; i < end; ++i) {
                const std::string_view rest = text.substr(i, end - i);
                if (rest.starts_with("~0") || rest.starts_with("~1"))
                    part += text[++i] == '1' ? '/' : '~';
                else
                    part += text[i];
            }
            path.push_back(std::move(part));
            from = end + 1;
        }
        return path;
    }

    std::string literal() {
        const char quote = text_[at_++];
        std::string value;
        while (at_ < text_.size() && text_[at_] != quote) {
            if (quote == '"' && text_[at_] == '\\') {
                ++at_;
                value += escaped();
            } else {
                value += text_[at_++];
            }
        }
        if (at_ == text_.size()) fail("Unterminated string literal");
        ++at_;
        return value;
    }
    char escaped() { // the escapes of Go that stand for one byte
        constexpr std::string_view signs = "ntr\\\"abfv", bytes = "\n\t\r\\\"\a\b\f\v";
        if (at_ < text_.size()) {
            if (const auto which = signs.find(text_[at_]); which != std::string_view::npos) {
                ++at_;
                return bytes[which];
            }
        }
        if (at_ + 2 < text_.size() && text_[at_] == 'x') {
            unsigned byte = 0;
            const char* from = text_.data() + at_ + 1;
            const auto [end, error] = std::from_chars(from, from + 2, byte, 16);
            if (error == std::errc() && end == from + 2) {
                at_ += 3;
                return static_cast<char>(byte);
            }
        }
        fail("unknown escape in a string literal");
    }

    // ---- what the items' type says about it

    void select(Match& match, const Operand& operand) {
        if (operand.path.empty()) fail("\"" + operand.text + "\" is not a selector");
        match.path = operand.path;
        field_ = &field_at(match.path);
    }
    const meta::Type& field_at(const FieldPath& path) const {
        const meta::Type* type = &bare(item_);
        for (const std::string& part : path) {
            if (type->kind == meta::Kind::list) type = &bare(type->list->element()); // holds if it does for any element
            if (type->kind == meta::Kind::map) {
                type = &bare(type->map->element());
                continue;
            }
            const meta::Field* found = nullptr;
            if (type->kind == meta::Kind::object)
                for (const meta::Field& field : type->object->fields())
                    if (field.name == part) found = &field;
            if (found == nullptr) fail("Selector \"" + shown(path) + "\" is not valid");
            type = &bare(found->type());
        }
        return *type;
    }

    static bool is_text(const meta::Type& type) { return type.kind == meta::Kind::text || type.kind == meta::Kind::enumeration; }

    void check_operator(const Match& match) const {
        const bool collection = field_->kind == meta::Kind::list || field_->kind == meta::Kind::map;
        const bool scalar = !collection && field_->kind != meta::Kind::object;
        bool fits = false;
        switch (match.op) {
        case Operator::equal: fits = scalar; break;
        case Operator::in: fits = is_text(*field_) || collection; break;
        case Operator::is_empty: fits = is_text(*field_) || collection; break;
        case Operator::matches: fits = is_text(*field_); break;
        }
        if (!fits) fail("Invalid match operator for selector \"" + shown(match.path) + "\"");
    }

    void set_value(Match& match, const Operand& operand) {
        check_operator(match);
        const meta::Type* type = field_;
        if (type->kind == meta::Kind::list) type = &bare(type->list->element()); // what is looked for in it
        if (match.op == Operator::matches) {
            re2::RE2::Options options;
            options.set_log_errors(false);
            options.set_max_mem(1 << 20);
            auto pattern = std::make_shared<const re2::RE2>(operand.text, options);
            if (!pattern->ok()) fail("bad regular expression: " + pattern->error());
            match.pattern = std::move(pattern);
        } else if (field_->kind == meta::Kind::map || is_text(*type)) {
            match.value = operand.text;
        } else if (type->kind == meta::Kind::boolean) {
            match.value = boolean(operand.text);
        } else if (type->kind == meta::Kind::integer) {
            std::int64_t number = 0;
            const char* end = operand.text.data() + operand.text.size();
            if (const auto [stop, error] = std::from_chars(operand.text.data(), end, number); error != std::errc() || stop != end)
                fail("\"" + operand.text + "\" is not a number");
            match.value = number;
        } else {
            fail("Invalid match operator for selector \"" + shown(match.path) + "\"");
        }
    }
    bool boolean(std::string_view text) const { // as strconv.ParseBool
        for (const std::string_view yes : {"1", "t", "T", "TRUE", "true", "True"})
            if (text == yes) return true;
        for (const std::string_view no : {"0", "f", "F", "FALSE", "false", "False"})
            if (text == no) return false;
        fail("\"" + std::string(text) + "\" is not a boolean");
    }

    std::string_view text_;
    const meta::Type& item_;
    std::size_t at_ = 0;
    int depth_ = 0;
    const meta::Type* field_ = nullptr; // of the comparison at hand
};

// ---- from a tree to an answer

bool holds(const Match& match, const Json& value) { // negation apart
    switch (match.op) {
    case Operator::equal: return value == match.value;
    case Operator::in:
        if (value.is_string()) return value.as_string().find(match.value.as_string()) != std::string::npos;
        if (value.is_object()) return value.find(match.value.as_string()) != nullptr;
        if (value.is_array()) return std::find(value.as_array().begin(), value.as_array().end(), match.value) != value.as_array().end();
        return false;
    case Operator::is_empty: return value.is_string() ? value.as_string().empty() : value.size() == 0;
    case Operator::matches: return value.is_string() && re2::RE2::PartialMatch(value.as_string(), *match.pattern);
    }
    return false;
}

bool decide(const Match& match, const Json& at, std::size_t depth) {
    if (depth == match.path.size()) return holds(match, at) != match.negated;
    if (at.is_array()) return std::any_of(at.as_array().begin(), at.as_array().end(), [&](const Json& item) { return decide(match, item, depth); });
    const Json* next = at.find(match.path[depth]);
    if (next != nullptr) return decide(match, *next, depth + 1);
    // A key the map does not have, or a field that is left out when it is empty: equal to nothing, and empty.
    return (match.op == Operator::is_empty) != match.negated;
}

bool decide(const Expression& expression, const Json& item) {
    const auto holds_here = [&](const Expression& part) { return decide(part, item); };
    const auto& parts = expression.parts;
    switch (expression.kind) {
    case Expression::Kind::match: return decide(expression.match, item, 0);
    case Expression::Kind::not_: return !decide(parts.front(), item);
    case Expression::Kind::and_: return std::all_of(parts.begin(), parts.end(), holds_here);
    case Expression::Kind::or_: return std::any_of(parts.begin(), parts.end(), holds_here);
    }
    return false;
}

} // namespace

Filter Filter::parse(std::string_view text, const meta::Type& item) {
    if (text.size() > max_bytes) throw FilterError("Failed to create boolean expression evaluator: longer than " + std::to_string(max_bytes) + " bytes");
    Filter filter;
    if (std::all_of(text.begin(), text.end(), is_space)) return filter;
    filter.root_ = std::make_shared<const Expression>(Parser(text, item).whole());
    return filter;
}

bool Filter::matches(const Json& item) const { return root_ == nullptr || decide(*root_, item); }

} // namespace gravity::registry
