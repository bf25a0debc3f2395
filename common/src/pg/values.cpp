// Values between C++ and PostgreSQL's text format.
#include "json/stored.hpp"
#include "pg/statement.hpp"

#include <gravity/base/encoding.hpp>
#include <gravity/json/codec.hpp>

#include <charconv>
#include <stdexcept>

namespace gravity::pg {

using meta::Kind;

namespace {

bool scalar(const meta::Type& type) {
    return type.kind == Kind::boolean || type.kind == Kind::integer || type.kind == Kind::number || type.kind == Kind::text ||
           type.kind == Kind::enumeration;
}

// An array literal (PostgreSQL manual 8.15.6): every element quoted, so nothing in it can be taken for syntax.
std::string array_literal(meta::Ref list) {
    const auto& ops = *list.type->list;
    std::string out = "{";
    for (std::size_t i = 0; i < ops.size(list.value); ++i) {
        out += i == 0 ? "\"" : ",\"";
        for (const char c : to_sql_text({&ops.element(), ops.at(list.value, i)})) {
            if (c == '"' || c == '\\') out += '\\';
            out += c;
        }
        out += '"';
    }
    return out + "}";
}

[[noreturn]] void unreadable(std::string_view why) { throw std::runtime_error("a stored value is not readable: " + std::string(why)); }

void read_array(std::string_view text, meta::MutableRef out) {
    const auto& ops = *out.type->list;
    ops.clear(out.value);
    if (text.size() < 2 || text.front() != '{' || text.back() != '}') unreadable("not an array");
    text = text.substr(1, text.size() - 2);
    std::size_t i = 0;
    while (i < text.size()) {
        std::string element;
        if (text[i] == '"') {
            for (++i; i < text.size() && text[i] != '"'; ++i) {
                if (text[i] == '\\') ++i;
                if (i < text.size()) element += text[i];
            }
            ++i;
        } else {
            while (i < text.size() && text[i] != ',') element += text[i++];
            if (element == "NULL") unreadable("null in an array");
        }
        from_sql_text(element, false, {&ops.element(), ops.append(out.value)});
        if (i < text.size() && text[i] != ',') unreadable("an array of arrays");
        ++i;
    }
}

} // namespace

std::string to_sql_text(meta::Ref value) {
    const meta::Type& type = *value.type;
    std::string out;
    switch (type.kind) {
    case Kind::boolean: return type.integer->get(value.value) != 0 ? "t" : "f";
    case Kind::integer: return std::to_string(type.integer->get(value.value));
    case Kind::number: json::append_number(out, type.number->get(value.value)); return out;
    case Kind::enumeration: return std::string(type.names[static_cast<std::size_t>(type.integer->get(value.value))]);
    case Kind::text:
        type.text->to_text(value.value, out);
        if (type.sql == "bytea") { // its JSON form is base64
            const auto bytes = base64_decode(out);
            if (!bytes) throw std::logic_error("a bytea value whose text is not base64");
            return "\\x" + hex_encode(*bytes);
        }
        return out;
    case Kind::list:
        if (scalar(type.list->element())) return array_literal(value);
        [[fallthrough]];
    case Kind::object:
    case Kind::map:
    case Kind::variant:
    case Kind::json: json::encode(value, out); return out;
    case Kind::optional: break;
    }
    throw std::logic_error("an optional has no text of its own");
}

std::optional<std::string> bind(const Slot& slot, std::span<const meta::Ref> args) {
    meta::Ref value = args[slot.argument];
    const auto unwrap = [&value] {
        while (value.type->kind == Kind::optional) {
            const void* inner = value.type->optional->get(value.value);
            if (inner == nullptr) return false;
            value = {&value.type->optional->element(), inner};
        }
        return true;
    };
    for (const meta::Field* field : slot.path) {
        if (!unwrap()) return std::nullopt;
        value = {&field->type(), field->at_const(value.value)};
    }
    if (!unwrap()) return std::nullopt;
    return to_sql_text(value);
}

void from_sql_text(std::string_view text, bool is_json, meta::MutableRef out) {
    const meta::Type& type = *out.type;
    switch (type.kind) {
    case Kind::boolean: return type.integer->set(out.value, text == "t" ? 1 : 0);
    case Kind::integer: {
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc{} || end != text.data() + text.size()) unreadable("not an integer");
        if (number < type.min || number > type.max) unreadable("an integer out of bounds");
        return type.integer->set(out.value, number);
    }
    case Kind::number: {
        double number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc{} || end != text.data() + text.size()) unreadable("not a number");
        return type.number->set(out.value, number);
    }
    case Kind::enumeration:
        for (std::size_t i = 0; i < type.names.size(); ++i)
            if (type.names[i] == text) return type.integer->set(out.value, static_cast<std::int64_t>(i));
        unreadable("not one of the enumeration");
    case Kind::text: {
        std::string why;
        std::string converted;
        if (type.sql == "bytea") {
            const auto bytes = text.starts_with("\\x") ? hex_decode(text.substr(2)) : std::nullopt;
            if (!bytes) unreadable("not a bytea");
            converted = base64_encode(*bytes);
            text = converted;
        } else if (type.sql == "timestamptz" && text.size() > 13 && text.ends_with("+00")) {
            // Sessions are set to ISO dates and UTC: "2026-11-23 12:00:00.5+00" is RFC 3339 but for the blank and the zone.
            converted = std::string(text.substr(0, text.size() - 3)) + "Z";
            converted[10] = 'T';
            text = converted;
        }
        if (!type.text->from_text(text, out.value, why)) unreadable(why);
        return;
    }
    case Kind::optional: return from_sql_text(text, is_json, {&type.optional->element(), type.optional->emplace(out.value)});
    case Kind::list:
        if (!is_json) return read_array(text, out);
        [[fallthrough]];
    case Kind::object:
    case Kind::map:
    case Kind::variant:
    case Kind::json: {
        const auto document = json::parse_stored(text, {.max_depth = 200, .max_values = 10'000'000});
        if (!document) unreadable(document.why());
        meta::Errors errors;
        // What an older release stored may have fields this one no longer knows.
        json::decode(*document, out, errors, json::Unknown::ignore);
        if (!errors.empty()) unreadable(errors.to_string());
        return;
    }
    }
}

} // namespace gravity::pg
