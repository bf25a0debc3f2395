#include <gravity/meta/text.hpp>

#include <charconv>
#include <cmath>
#include <stdexcept>

namespace gravity::meta {

bool from_text(std::string_view text, MutableRef out, std::string& why) {
    const Type& type = *out.type;
    switch (type.kind) {
    case Kind::boolean:
        if (text != "true" && text != "false") {
            why = "must be true or false";
            return false;
        }
        type.integer->set(out.value, text == "true" ? 1 : 0);
        return true;
    case Kind::integer: {
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error == std::errc::invalid_argument || end != text.data() + text.size()) {
            why = "must be an integer";
            return false;
        }
        if (error != std::errc{} || number < type.min || number > type.max) {
            why = "must be between " + std::to_string(type.min) + " and " + std::to_string(type.max);
            return false;
        }
        type.integer->set(out.value, number);
        return true;
    }
    case Kind::number: {
        double number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(number)) {
            why = "must be a number";
            return false;
        }
        if (number < type.number_min || number > type.number_max) {
            why = "must be between " + std::to_string(type.number_min) + " and " + std::to_string(type.number_max);
            return false;
        }
        type.number->set(out.value, number);
        return true;
    }
    case Kind::enumeration:
        for (std::size_t i = 0; i < type.names.size(); ++i) {
            if (type.names[i] != text) continue;
            type.integer->set(out.value, static_cast<std::int64_t>(i));
            return true;
        }
        why = "must be one of ";
        for (std::size_t i = 0; i < type.names.size(); ++i) why += (i == 0 ? "" : ", ") + std::string(type.names[i]);
        return false;
    case Kind::text: return type.text->from_text(text, out.value, why);
    case Kind::optional: return from_text(text, {&type.optional->element(), type.optional->emplace(out.value)}, why);
    default: throw std::logic_error("a value with members has no text form");
    }
}

std::string to_text(Ref value) {
    const Type& type = *value.type;
    switch (type.kind) {
    case Kind::boolean: return type.integer->get(value.value) != 0 ? "true" : "false";
    case Kind::integer: return std::to_string(type.integer->get(value.value));
    case Kind::number: {
        char buffer[32];
        const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, type.number->get(value.value));
        return {buffer, end};
    }
    case Kind::enumeration: return std::string(type.names[static_cast<std::size_t>(type.integer->get(value.value))]);
    case Kind::text: {
        if (type.is_set != nullptr && !type.is_set(value.value)) return {};
        std::string out;
        type.text->to_text(value.value, out);
        return out;
    }
    case Kind::optional: {
        const void* inner = type.optional->get(value.value);
        return inner == nullptr ? std::string() : to_text({&type.optional->element(), inner});
    }
    default: throw std::logic_error("a value with members has no text form");
    }
}

} // namespace gravity::meta
