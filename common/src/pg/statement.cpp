#include "pg/statement.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>
#include <mutex>
#include <stdexcept>

namespace gravity::pg {
namespace {

std::vector<const Statement*>& registry() {
    static std::vector<const Statement*> statements;
    return statements;
}
std::mutex& registry_mutex() {
    static std::mutex mutex;
    return mutex;
}

[[noreturn]] void wrong(const Statement& statement, const std::string& why) {
    throw std::logic_error("statement " + std::string(statement.name()) + ": " + why);
}

const meta::Type& unwrap(const meta::Type& type) {
    return type.kind == meta::Kind::optional ? type.optional->element() : type;
}

void flatten_object(const meta::Type& object, Slot place, std::vector<Slot>& slots) {
    for (const meta::Field& field : object.object->fields()) {
        Slot inner = place;
        inner.path.push_back(&field);
        inner.name = place.name.empty() ? std::string(field.name) : place.name + "_" + std::string(field.name);
        inner.type = &field.type();
        const meta::Type& core = unwrap(*inner.type);
        if (core.kind == meta::Kind::object && core.flatten)
            flatten_object(core, std::move(inner), slots);
        else
            slots.push_back(std::move(inner));
    }
}

bool name_char(char c) { return ascii::is_alnum(c) || c == '_'; }

class Compiler {
public:
    Compiler(const Statement& statement, Compiled& out) : statement_(statement), in_(statement.text()), out_(out) {}

    void run() {
        while (at_ < in_.size()) step();
        if (out_.keys.empty()) {
            out_.sql = std::move(text_);
            out_.parameters = std::move(parameters_);
        }
    }

private:
    void step() {
        const char c = in_[at_];
        if (c == '\'' || c == '"') return copy_quoted(c);
        if (in_.substr(at_).starts_with("--")) return copy_until("\n");
        if (in_.substr(at_).starts_with("/*")) return copy_until("*/");
        if (c != '$') {
            text_ += c;
            ++at_;
            return;
        }
        std::size_t end = at_ + 1;
        while (end < in_.size() && name_char(in_[end])) ++end;
        const auto name = in_.substr(at_ + 1, end - at_ - 1);
        if (end < in_.size() && in_[end] == '$') { // a dollar-quoted text
            const std::string mark(in_.substr(at_, end - at_ + 1));
            const auto close = in_.find(mark, end + 1);
            if (close == std::string_view::npos) wrong(statement_, "a dollar-quoted text does not end");
            text_ += in_.substr(at_, close + mark.size() - at_);
            at_ = close + mark.size();
            return;
        }
        at_ = end;
        if (name.empty()) wrong(statement_, "a lone '$'");
        if (name == "page") return page();
        if (name == "generic_plan") {
            out_.generic_plan = true;
            return;
        }
        text_ += placeholder(slot_index(name));
    }

    std::size_t slot_index(std::string_view name) {
        if (ascii::is_digit(name.front())) {
            const auto n = static_cast<std::size_t>(std::stoul(std::string(name)));
            if (n == 0 || n > out_.slots.size())
                wrong(statement_, "$" + std::string(name) + " but the arguments give " + std::to_string(out_.slots.size()) + " values");
            return n - 1;
        }
        return named_slot(name);
    }

    std::size_t named_slot(std::string_view name) {
        const auto found = std::find_if(out_.slots.begin(), out_.slots.end(), [&](const Slot& s) { return s.name == name; });
        if (found == out_.slots.end()) wrong(statement_, "no argument has a field '" + std::string(name) + "'");
        return static_cast<std::size_t>(found - out_.slots.begin());
    }

    // A value used twice is sent once. Only what is used is sent: PostgreSQL refuses a parameter whose type nothing decides.
    std::string placeholder(std::size_t slot) {
        for (std::size_t i = 0; i < parameters_.size(); ++i)
            if (parameters_[i].source == Parameter::Source::slot && parameters_[i].index == slot) return "$" + std::to_string(i + 1);
        return append({Parameter::Source::slot, slot}, parameters_);
    }
    static std::string append(Parameter parameter, std::vector<Parameter>& to) {
        to.push_back(parameter);
        return "$" + std::to_string(to.size());
    }

    void page() {
        if (at_ >= in_.size() || in_[at_] != '(') wrong(statement_, "$page needs its order: $page(created_at desc, id desc)");
        const auto close = in_.find(')', at_);
        if (close == std::string_view::npos) wrong(statement_, "$page( does not end");
        for (const auto part : ascii::split(in_.substr(at_ + 1, close - at_ - 1), ',')) {
            const auto term = ascii::trim(part);
            const auto blank = term.find(' ');
            PageKey key;
            key.expression = term.substr(0, blank);
            key.column = key.expression.substr(key.expression.rfind('.') + 1);
            key.descending = blank != std::string_view::npos && ascii::iequals(ascii::trim(term.substr(blank)), "desc");
            out_.keys.push_back(std::move(key));
        }
        at_ = close + 1;
        if (!ascii::trim(in_.substr(at_)).empty()) wrong(statement_, "$page(...) must be the end");
        out_.limit_slot = named_slot("limit");
        out_.cursor_slot = named_slot("cursor");

        std::string order = " order by ";
        for (std::size_t i = 0; i < out_.keys.size(); ++i)
            order += (i == 0 ? "" : ", ") + out_.keys[i].expression + (out_.keys[i].descending ? " desc" : " asc");

        out_.parameters = parameters_;
        out_.sql = text_ + "true" + order + " limit " + append({Parameter::Source::page_limit, 0}, out_.parameters) + "::bigint";

        out_.parameters_after = parameters_;
        out_.sql_after = text_ + after_cursor() + order + " limit ";
        out_.sql_after += append({Parameter::Source::page_limit, 0}, out_.parameters_after) + "::bigint";
    }

    // Rows behind the cursor. One direction: a row comparison, which an index serves. Mixed: spelt out.
    std::string after_cursor() {
        std::vector<std::string> values;
        for (std::size_t i = 0; i < out_.keys.size(); ++i)
            values.push_back(append({Parameter::Source::page_key, i}, out_.parameters_after));
        const bool descending = out_.keys.front().descending;
        if (std::all_of(out_.keys.begin(), out_.keys.end(), [&](const PageKey& k) { return k.descending == descending; })) {
            std::string left, right;
            for (std::size_t i = 0; i < values.size(); ++i) {
                left += (i == 0 ? "" : ", ") + out_.keys[i].expression;
                right += (i == 0 ? "" : ", ") + values[i];
            }
            return "(" + left + ")" + (descending ? " < " : " > ") + "(" + right + ")";
        }
        std::string any = "(", equal;
        for (std::size_t i = 0; i < values.size(); ++i) {
            any += (i == 0 ? "(" : " or (") + equal + out_.keys[i].expression + (out_.keys[i].descending ? " < " : " > ") + values[i] + ")";
            equal += out_.keys[i].expression + " = " + values[i] + " and ";
        }
        return any + ")";
    }

    void copy_quoted(char quote) {
        const auto close = in_.find(quote, at_ + 1); // a doubled quote reads as two texts side by side: the copy is the same
        if (close == std::string_view::npos) wrong(statement_, "a quoted text does not end");
        text_ += in_.substr(at_, close + 1 - at_);
        at_ = close + 1;
    }
    void copy_until(std::string_view end) {
        auto close = in_.find(end, at_);
        close = close == std::string_view::npos ? in_.size() : close + end.size();
        text_ += in_.substr(at_, close - at_);
        at_ = close;
    }

    const Statement& statement_;
    std::string_view in_;
    Compiled& out_;
    std::size_t at_ = 0;
    std::string text_;
    std::vector<Parameter> parameters_;
};

} // namespace

std::vector<Slot> flatten(const std::vector<const meta::Type*>& parameters) {
    std::vector<Slot> slots;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        Slot place;
        place.argument = i;
        place.type = parameters[i];
        if (unwrap(*parameters[i]).kind == meta::Kind::object)
            flatten_object(unwrap(*parameters[i]), place, slots);
        else
            slots.push_back(std::move(place));
    }
    return slots;
}

Compiled compile(const Statement& statement) {
    Compiled compiled;
    compiled.name = statement.name();
    compiled.name_after = compiled.name + "+";
    compiled.slots = flatten(statement.parameters());
    Compiler(statement, compiled).run();
    return compiled;
}

Statement::Statement(std::string_view name, std::string_view text, std::initializer_list<ConstraintProblem> constraints,
                     std::vector<const meta::Type*> parameters, const meta::Type* row)
    : name_(name), text_(text), constraints_(constraints), parameters_(std::move(parameters)), row_(row) {
    const std::lock_guard lock(registry_mutex());
    registry().push_back(this);
}

Statement::~Statement() {
    const std::lock_guard lock(registry_mutex());
    std::erase(registry(), this);
}

const Compiled& Statement::compiled() const {
    std::call_once(compile_once_, [this] { compiled_ = std::make_shared<const Compiled>(compile(*this)); });
    return *compiled_;
}

std::vector<const Statement*> Statement::all() {
    const std::lock_guard lock(registry_mutex());
    return registry();
}

} // namespace gravity::pg
