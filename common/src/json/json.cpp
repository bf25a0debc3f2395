#include <gravity/base/encoding.hpp>
#include <gravity/json/json.hpp>

#include <array>
#include <charconv>
#include <cmath>

namespace gravity {

double Json::as_number() const {
    if (const auto* integer = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*integer);
    return std::get<double>(value_);
}

const Json* Json::find(std::string_view name) const {
    const auto* object = std::get_if<Object>(&value_);
    if (object == nullptr) return nullptr;
    const auto found = object->find(name);
    return found == object->end() ? nullptr : &found->second;
}

const Json* Json::at_pointer(std::string_view pointer) const {
    const Json* place = this;
    while (!pointer.empty()) {
        if (pointer.front() != '/') return nullptr;
        pointer.remove_prefix(1);
        const auto end = pointer.find('/');
        std::string token;
        for (auto rest = pointer.substr(0, end); !rest.empty(); rest.remove_prefix(1)) {
            if (rest.front() != '~') {
                token += rest.front();
            } else if (rest.size() > 1 && (rest[1] == '0' || rest[1] == '1')) {
                token += rest[1] == '0' ? '~' : '/';
                rest.remove_prefix(1);
            } else {
                return nullptr;
            }
        }
        pointer = end == std::string_view::npos ? std::string_view{} : pointer.substr(end);
        if (const auto* array = std::get_if<Array>(&place->value_)) {
            std::size_t index = 0;
            const auto [last, error] = std::from_chars(token.data(), token.data() + token.size(), index);
            const bool canonical = token == "0" || (!token.empty() && token.front() != '0');
            if (error != std::errc{} || last != token.data() + token.size() || !canonical || index >= array->size()) return nullptr;
            place = &(*array)[index];
        } else {
            place = place->find(token);
            if (place == nullptr) return nullptr;
        }
    }
    return place;
}

Json& Json::operator[](std::string_view name) {
    if (is_null()) value_ = Object{};
    auto& object = std::get<Object>(value_);
    const auto found = object.find(name);
    return found != object.end() ? found->second : object.emplace(name, Json()).first->second;
}

void Json::push_back(Json item) {
    if (is_null()) value_ = Array{};
    std::get<Array>(value_).push_back(std::move(item));
}

std::size_t Json::size() const {
    if (const auto* array = std::get_if<Array>(&value_)) return array->size();
    if (const auto* object = std::get_if<Object>(&value_)) return object->size();
    return 0;
}

std::string Json::dump() const {
    std::string out;
    append_to(out);
    return out;
}

void Json::append_to(std::string& out) const {
    switch (kind()) {
    case Kind::null: out += "null"; break;
    case Kind::boolean: out += as_bool() ? "true" : "false"; break;
    case Kind::integer: out += std::to_string(as_integer()); break;
    case Kind::number: json::append_number(out, std::get<double>(value_)); break;
    case Kind::string: append_json_string(out, as_string()); break;
    case Kind::array: {
        out += '[';
        bool first = true;
        for (const Json& item : as_array()) {
            if (!first) out += ',';
            first = false;
            item.append_to(out);
        }
        out += ']';
        break;
    }
    case Kind::object: {
        out += '{';
        bool first = true;
        for (const auto& [name, member] : as_object()) {
            if (!first) out += ',';
            first = false;
            append_json_string(out, name);
            out += ':';
            member.append_to(out);
        }
        out += '}';
        break;
    }
    }
}

Json merge_patch(Json target, const Json& patch) {
    if (!patch.is_object()) return patch;
    if (!target.is_object()) target = Json(Json::Object{});
    for (const auto& [name, value] : patch.as_object()) {
        if (value.is_null())
            target.as_object().erase(name);
        else
            target[name] = merge_patch(std::move(target[name]), value);
    }
    return target;
}

namespace json {

void append_number(std::string& out, double value) {
    if (!std::isfinite(value)) {
        out += "null";
        return;
    }
    std::array<char, 32> buffer{};
    const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
    out += text;
    // "3" would read back as an integer: a double keeps its kind.
    if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

} // namespace json
} // namespace gravity
