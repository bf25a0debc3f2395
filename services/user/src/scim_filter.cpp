#include "scim_filter.hpp"

#include "scim_error.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/utf8.hpp>

#include <array>

namespace gravity::user::scim {
namespace {

constexpr std::size_t most_bytes = 4096, most_terms = 100, deepest = 20;
constexpr std::array<std::string_view, 10> op_names = {"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr"};

bool name_char(char c) { return ascii::is_alnum(c) || c == '-' || c == '_' || c == '$'; }

// Recursive descent over the ABNF of figure 1.
class Parser {
public:
    explicit Parser(std::string_view text, bool with_items_of = false) : in_(text), with_items_of_(with_items_of) {
        if (text.size() > most_bytes) throw invalid_filter("The filter is longer than 4,096 bytes");
        if (!utf8::valid(text)) throw invalid_filter("The filter is not UTF-8");
    }

    Filter whole() {
        Filter filter = either(0);
        skip();
        if (!done()) fail("an operator");
        return filter;
    }
    PatchPath path() {
        PatchPath path{attribute(), {}, {}};
        if (take('[')) {
            if (!path.attribute.sub.empty()) fail("a filter behind an attribute, not behind a sub-attribute");
            path.items = inside(0);
            if (take('.')) path.sub = name();
        }
        if (!done()) fail("the end");
        return path;
    }

private:
    Filter either(std::size_t depth) {
        Filter first = both(depth);
        while (word("or")) join(first, Filter::Kind::either, both(depth));
        return first;
    }
    Filter both(std::size_t depth) {
        Filter first = term(depth);
        while (word("and")) join(first, Filter::Kind::both, term(depth));
        return first;
    }
    static void join(Filter& left, Filter::Kind kind, Filter right) {
        if (left.kind == kind) {
            left.parts.push_back(std::move(right));
            return;
        }
        Filter joined;
        joined.kind = kind;
        joined.parts.push_back(std::move(left));
        joined.parts.push_back(std::move(right));
        left = std::move(joined);
    }

    Filter term(std::size_t depth) {
        if (depth > deepest) throw invalid_filter("The filter is deeper than 20 levels");
        skip();
        if (take('(')) {
            Filter inner = either(depth + 1);
            skip();
            if (!take(')')) fail("')'");
            return inner;
        }
        if (const std::size_t before = at_; word("not")) {
            skip();
            if (take('(')) {
                Filter negated;
                negated.kind = Filter::Kind::negated;
                negated.parts.push_back(either(depth + 1));
                skip();
                if (!take(')')) fail("')'");
                return negated;
            }
            at_ = before; // an attribute of that name
        }
        return comparison(depth);
    }

    Filter comparison(std::size_t depth) {
        if (++terms_ > most_terms) throw invalid_filter("The filter has more than 100 terms");
        Filter filter;
        filter.path = attribute();
        if (take('[')) {
            filter.kind = Filter::Kind::items;
            filter.parts.push_back(inside(depth + 1));
            if (with_items_of_ && take('.')) join(filter.parts.front(), Filter::Kind::both, of_items());
            return filter;
        }
        filter.op = op();
        if (filter.op != Op::pr) filter.value = value();
        return filter;
    }
    // `emails[type eq "work"].value eq "x"`, which figure 1 has not: an item for which both is so.
    Filter of_items() {
        if (++terms_ > most_terms) throw invalid_filter("The filter has more than 100 terms");
        Filter filter;
        filter.path.name = name();
        filter.op = op();
        if (filter.op != Op::pr) filter.value = value();
        return filter;
    }
    Filter inside(std::size_t depth) {
        if (in_items_) fail("no filter in a filter of items");
        in_items_ = true;
        Filter filter = either(depth);
        in_items_ = false;
        skip();
        if (!take(']')) fail("']'");
        return filter;
    }

    AttrPath attribute() {
        AttrPath path;
        if (ascii::iequals(in_.substr(at_, 4), "urn:")) {
            std::size_t end = at_;
            while (end < in_.size() && (name_char(in_[end]) || in_[end] == ':' || in_[end] == '.')) ++end;
            const auto colon = in_.substr(at_, end - at_).rfind(':');
            if (colon < 4) fail("a schema and an attribute");
            path.urn = in_.substr(at_, colon);
            at_ += colon + 1;
        }
        path.name = name();
        if (take('.')) path.sub = name();
        return path;
    }
    std::string name() {
        const std::size_t begin = at_;
        if (at_ < in_.size() && (ascii::is_alpha(in_[at_]) || in_[at_] == '$'))
            while (at_ < in_.size() && name_char(in_[at_])) ++at_;
        if (at_ == begin) fail("the name of an attribute");
        return std::string(in_.substr(begin, at_ - begin));
    }
    Op op() {
        const std::size_t blank = at_;
        skip();
        if (at_ > blank)
            for (std::size_t i = 0; i < op_names.size(); ++i)
                if (word(op_names[i])) return static_cast<Op>(i);
        fail("an operator");
    }
    Json value() {
        const std::size_t blank = at_;
        skip();
        if (at_ == blank) fail("a blank and a value");
        std::size_t end = at_;
        if (end < in_.size() && in_[end] == '"') {
            for (++end; end < in_.size() && in_[end] != '"'; ++end)
                if (in_[end] == '\\') ++end;
            ++end;
        } else {
            while (end < in_.size() && (ascii::is_alnum(in_[end]) || in_[end] == '-' || in_[end] == '+' || in_[end] == '.')) ++end;
        }
        auto json = Json::parse(in_.substr(at_, end - at_));
        if (!json) fail("a text in quotes, a number, true, false or null");
        at_ = end;
        return *std::move(json);
    }

    bool word(std::string_view wanted) {
        const std::size_t before = at_;
        skip();
        const std::size_t end = at_ + wanted.size();
        if (ascii::iequals(in_.substr(at_, wanted.size()), wanted) && (end >= in_.size() || !(name_char(in_[end]) || in_[end] == '.' || in_[end] == ':'))) {
            at_ = end;
            return true;
        }
        at_ = before;
        return false;
    }
    bool take(char c) {
        if (at_ >= in_.size() || in_[at_] != c) return false;
        ++at_;
        return true;
    }
    void skip() {
        while (at_ < in_.size() && in_[at_] == ' ') ++at_;
    }
    bool done() const { return at_ == in_.size(); }
    [[noreturn]] void fail(std::string_view wanted) const {
        throw invalid_filter("At byte " + std::to_string(at_) + " of the filter there should be " + std::string(wanted));
    }

    std::string_view in_;
    std::size_t at_ = 0;
    std::size_t terms_ = 0;
    bool in_items_ = false;
    bool with_items_of_ = false;
};

std::string text_of(const AttrPath& path) {
    return (path.urn.empty() ? "" : path.urn + ":") + path.name + (path.sub.empty() ? "" : "." + path.sub);
}

std::string joined(const Filter& filter, std::string_view word) {
    std::string text;
    for (const Filter& part : filter.parts) {
        if (!text.empty()) text += word;
        const bool group = part.kind == Filter::Kind::both || part.kind == Filter::Kind::either;
        text += group ? "(" + to_text(part) + ")" : to_text(part);
    }
    return text;
}

} // namespace

Filter parse_filter(std::string_view text, bool as_entra_id) { return Parser(text, as_entra_id).whole(); }

std::string to_text(const Filter& filter) {
    switch (filter.kind) {
    case Filter::Kind::both: return joined(filter, " and ");
    case Filter::Kind::either: return joined(filter, " or ");
    case Filter::Kind::negated: return "not (" + to_text(filter.parts.front()) + ")";
    case Filter::Kind::items: return text_of(filter.path) + "[" + to_text(filter.parts.front()) + "]";
    case Filter::Kind::compare: break;
    }
    std::string text = text_of(filter.path) + " " + std::string(op_names[static_cast<std::size_t>(filter.op)]);
    return filter.op == Op::pr ? text : text + " " + filter.value.dump();
}

PatchPath parse_path(std::string_view text) {
    try {
        return Parser(text).path();
    } catch (const Refused& refused) {
        throw invalid_path(refused.detail());
    }
}

} // namespace gravity::user::scim
