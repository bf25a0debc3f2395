#include <gravity/base/encoding.hpp>
#include <gravity/json/codec.hpp>

#include <algorithm>
#include <cmath>

namespace gravity::json {

using meta::Errors;
using meta::Kind;
using meta::MutableRef;
using meta::Ref;
using Fault = meta::Errors::Fault;

namespace {

std::string_view kind_name(Json::Kind kind) {
    switch (kind) {
    case Json::Kind::null: return "null";
    case Json::Kind::boolean: return "a boolean";
    case Json::Kind::integer: return "an integer";
    case Json::Kind::number: return "a number";
    case Json::Kind::string: return "a text";
    case Json::Kind::array: return "an array";
    case Json::Kind::object: return "an object";
    }
    return "";
}

void wrong_kind(Errors& errors, std::string_view expected, const Json& in) {
    errors.add(Fault::shape, "must be " + std::string(expected) + ", not " + std::string(kind_name(in.kind())));
}

std::string one_of(std::span<const std::string_view> names) {
    std::string text = "must be one of ";
    for (std::size_t i = 0; i < names.size(); ++i) text += (i == 0 ? "" : ", ") + std::string(names[i]);
    return text;
}

class Decoder {
public:
    Decoder(Errors& errors, Unknown unknown) : errors_(errors), unknown_(unknown) {}

    void value(const Json& in, MutableRef out) {
        const meta::Type& type = *out.type;
        switch (type.kind) {
        case Kind::boolean:
            if (in.kind() != Json::Kind::boolean) return wrong_kind(errors_, "a boolean", in);
            return type.integer->set(out.value, in.as_bool() ? 1 : 0);
        case Kind::integer: return integer(in, out);
        case Kind::number: return number(in, out);
        case Kind::text: return text(in, out);
        case Kind::enumeration: return enumeration(in, out);
        case Kind::object: return object(in, out);
        case Kind::list: return list(in, out);
        case Kind::map: return map(in, out);
        case Kind::optional:
            if (in.is_null()) return type.optional->reset(out.value);
            return value(in, {&type.optional->element(), type.optional->emplace(out.value)});
        case Kind::variant: return variant(in, out);
        case Kind::json: *static_cast<Json*>(out.value) = in; return;
        }
    }

    // RFC 7396: what has members is merged, all else replaced.
    void merge(const Json& in, MutableRef out) {
        const meta::Type& type = *out.type;
        switch (type.kind) {
        case Kind::object: return merge_object(in, out);
        case Kind::map: return merge_map(in, out);
        case Kind::variant: return merge_variant(in, out);
        case Kind::json: {
            Json& document = *static_cast<Json*>(out.value);
            document = merge_patch(std::move(document), in);
            return;
        }
        case Kind::optional: {
            if (in.is_null()) return type.optional->reset(out.value);
            const meta::Type& element = type.optional->element();
            if (const void* present = type.optional->get(out.value)) return merge(in, {&element, const_cast<void*>(present)});
            return value(fresh(in), {&element, type.optional->emplace(out.value)});
        }
        default: return value(in, out);
        }
    }

    void merge_object(const Json& in, MutableRef out, std::string_view discriminator = {}) {
        if (!in.is_object()) return wrong_kind(errors_, "an object", in);
        const auto faults = errors_.count();
        members(in, out, true, discriminator);
        if (errors_.count() == faults) check({out.type, out.value});
    }

private:
    // The members present in `in`; the others of `out` are left as they are.
    void members(const Json& in, MutableRef out, bool merging, std::string_view discriminator) {
        const auto fields = out.type->object->fields();
        for (const auto& [name, member] : in.as_object()) {
            const auto field = std::find_if(fields.begin(), fields.end(), [&wanted = name](const meta::Field& f) { return f.name == wanted; });
            if (field == fields.end()) {
                if (unknown_ == Unknown::ignore || (!discriminator.empty() && name == discriminator)) continue;
                Errors::Step step(errors_, name);
                errors_.add(Fault::shape, "is not a known field");
                continue;
            }
            const meta::Type& type = field->type();
            Errors::Step step(errors_, name);
            const MutableRef place{&type, field->at(out.value)};
            if (!merging)
                value(member, place);
            else if (member.is_null() && type.kind != Kind::optional && type.kind != Kind::json)
                errors_.add(Fault::value, "cannot be removed");
            else
                merge(member, place);
        }
    }

    // For an object without faults of its own: a rule over several fields would only repeat what is wrong with one, and read unset ones.
    void check(Ref whole) {
        if (whole.type->object->check == nullptr) return;
        Errors own;
        whole.type->object->check(whole.value, own);
        errors_.append(own);
    }

    // What a merge patch makes where there is nothing: its nulls have nothing to remove.
    static Json fresh(const Json& in) { return in.is_object() ? merge_patch(Json(), in) : in; }

    void merge_map(const Json& in, MutableRef out) {
        if (!in.is_object()) return wrong_kind(errors_, "an object", in);
        const auto& ops = *out.type->map;
        for (const auto& [name, member] : in.as_object()) {
            Errors::Step step(errors_, name);
            if (member.is_null()) {
                ops.erase(out.value, name);
                continue;
            }
            const auto before = ops.size(out.value);
            const MutableRef place{&ops.element(), ops.insert(out.value, name)};
            if (ops.size(out.value) == before)
                merge(member, place);
            else
                value(fresh(member), place);
        }
        count_fits(ops.size(out.value), *out.type, "members");
    }

    void merge_variant(const Json& in, MutableRef out) {
        if (!in.is_object()) return wrong_kind(errors_, "an object", in);
        const auto& ops = *out.type->variant;
        const auto& present = ops.alternatives()[ops.index(out.value)];
        const Json* tag = in.find("type");
        if (tag != nullptr && *tag != Json(present.tag)) return variant(fresh(in), out); // another alternative, given whole
        merge_object(in, {&present.type(), const_cast<void*>(ops.get(out.value))}, "type");
    }

    void integer(const Json& in, MutableRef out) {
        std::int64_t number = 0;
        if (in.kind() == Json::Kind::integer) {
            number = in.as_integer();
        } else if (in.kind() == Json::Kind::number && std::trunc(in.as_number()) == in.as_number() && std::abs(in.as_number()) < 9e15) {
            number = static_cast<std::int64_t>(in.as_number()); // 1.0 and 1e3 are integers to JSON Schema
        } else {
            return wrong_kind(errors_, "an integer", in);
        }
        if (number < out.type->min || number > out.type->max) return out_of_bounds(out.type->min, out.type->max);
        out.type->integer->set(out.value, number);
    }

    void out_of_bounds(std::int64_t min, std::int64_t max) {
        errors_.add(Fault::value, "must be between " + std::to_string(min) + " and " + std::to_string(max));
    }

    void number(const Json& in, MutableRef out) {
        if (in.kind() != Json::Kind::integer && in.kind() != Json::Kind::number) return wrong_kind(errors_, "a number", in);
        const double number = in.as_number();
        if (number < out.type->number_min || number > out.type->number_max) {
            std::string detail = "must be between ";
            append_number(detail, out.type->number_min);
            detail += " and ";
            append_number(detail, out.type->number_max);
            return errors_.add(Fault::value, detail);
        }
        out.type->number->set(out.value, number);
    }

    void text(const Json& in, MutableRef out) {
        if (!in.is_string()) return wrong_kind(errors_, "a text", in);
        std::string why;
        if (!out.type->text->from_text(in.as_string(), out.value, why)) errors_.add(Fault::value, std::move(why));
    }

    void enumeration(const Json& in, MutableRef out) {
        if (!in.is_string()) return wrong_kind(errors_, "a text", in);
        const auto names = out.type->names;
        const auto found = std::find(names.begin(), names.end(), in.as_string());
        if (found == names.end()) return errors_.add(Fault::value, one_of(names));
        out.type->integer->set(out.value, found - names.begin());
    }

    void object(const Json& in, MutableRef out, std::string_view discriminator = {}) {
        if (!in.is_object()) return wrong_kind(errors_, "an object", in);
        const auto faults = errors_.count();
        members(in, out, false, discriminator);
        const auto fields = out.type->object->fields();
        const auto& required = meta::required_fields_cached(*out.type);
        for (std::size_t i = 0; i < fields.size(); ++i) {
            if (!required[i] || in.find(fields[i].name) != nullptr) continue;
            Errors::Step step(errors_, fields[i].name);
            errors_.add(Fault::shape, "is required");
        }
        if (errors_.count() == faults) check({out.type, out.value});
    }

    void list(const Json& in, MutableRef out) {
        if (!in.is_array()) return wrong_kind(errors_, "an array", in);
        const auto& ops = *out.type->list;
        const auto& items = in.as_array();
        if (!count_fits(items.size(), *out.type, "items")) return;
        ops.clear(out.value);
        for (std::size_t i = 0; i < items.size(); ++i) {
            Errors::Step step(errors_, i);
            value(items[i], {&ops.element(), ops.append(out.value)});
        }
    }

    void map(const Json& in, MutableRef out) {
        if (!in.is_object()) return wrong_kind(errors_, "an object", in);
        const auto& ops = *out.type->map;
        if (!count_fits(in.size(), *out.type, "members")) return;
        ops.clear(out.value);
        for (const auto& [name, member] : in.as_object()) {
            Errors::Step step(errors_, name);
            value(member, {&ops.element(), ops.insert(out.value, name)});
        }
    }

    bool count_fits(std::size_t count, const meta::Type& type, std::string_view what) {
        const auto n = static_cast<std::int64_t>(count);
        if (n >= type.min && n <= type.max) return true;
        const bool few = n < type.min;
        errors_.add(Fault::value, std::string(few ? "must have at least " : "must have at most ") + std::to_string(few ? type.min : type.max) +
                                      " " + std::string(what));
        return false;
    }

    void variant(const Json& in, MutableRef out) {
        if (!in.is_object()) return wrong_kind(errors_, "an object", in);
        const auto alternatives = out.type->variant->alternatives();
        const Json* tag = in.find("type");
        for (std::size_t i = 0; tag != nullptr && tag->is_string() && i < alternatives.size(); ++i) {
            if (alternatives[i].tag != tag->as_string()) continue;
            return object(in, {&alternatives[i].type(), out.type->variant->emplace(out.value, i)}, "type");
        }
        std::vector<std::string_view> tags;
        for (const auto& alternative : alternatives) tags.push_back(alternative.tag);
        Errors::Step step(errors_, "type");
        errors_.add(tag == nullptr ? Fault::shape : Fault::value, tag == nullptr ? "is required" : one_of(tags));
    }

    Errors& errors_;
    Unknown unknown_;
};

} // namespace

void decode(const Json& in, MutableRef out, Errors& errors, Unknown unknown) { Decoder(errors, unknown).value(in, out); }

void patch(const Json& merge, MutableRef target, Errors& errors) {
    Decoder(errors, Unknown::refuse).merge(merge, target);
}

void encode(Ref value, std::string& out) {
    const meta::Type& type = *value.type;
    switch (type.kind) {
    case Kind::boolean: out += type.integer->get(value.value) != 0 ? "true" : "false"; return;
    case Kind::integer: out += std::to_string(type.integer->get(value.value)); return;
    case Kind::number: append_number(out, type.number->get(value.value)); return;
    case Kind::enumeration:
        out += '"';
        out += type.names[static_cast<std::size_t>(type.integer->get(value.value))];
        out += '"';
        return;
    case Kind::text: {
        std::string text;
        type.text->to_text(value.value, text);
        append_json_string(out, text);
        return;
    }
    case Kind::object: {
        char separator = '{';
        for (const meta::Field& field : type.object->fields()) {
            const meta::Type& member = field.type();
            const void* place = field.at_const(value.value);
            if (member.kind == Kind::optional && member.optional->get(place) == nullptr) continue; // absent, not null
            out += separator;
            separator = ',';
            append_json_string(out, field.name);
            out += ':';
            encode({&member, place}, out);
        }
        if (separator == '{') out += '{';
        out += '}';
        return;
    }
    case Kind::list: {
        const auto& ops = *type.list;
        const std::size_t n = ops.size(value.value);
        out += '[';
        for (std::size_t i = 0; i < n; ++i) {
            if (i != 0) out += ',';
            encode({&ops.element(), ops.at(value.value, i)}, out);
        }
        out += ']';
        return;
    }
    case Kind::map: {
        struct Context {
            std::string& out;
            const meta::Type& element;
            bool first = true;
        } context{out, type.map->element()};
        out += '{';
        type.map->each(value.value, &context, [](void* raw, std::string_view key, const void* member) {
            auto& c = *static_cast<Context*>(raw);
            if (!c.first) c.out += ',';
            c.first = false;
            append_json_string(c.out, key);
            c.out += ':';
            encode(Ref{&c.element, member}, c.out);
        });
        out += '}';
        return;
    }
    case Kind::optional:
        if (const void* inner = type.optional->get(value.value))
            encode({&type.optional->element(), inner}, out);
        else
            out += "null";
        return;
    case Kind::variant: {
        const std::size_t index = type.variant->index(value.value);
        const auto& alternative = type.variant->alternatives()[index];
        std::string body;
        encode({&alternative.type(), type.variant->get(value.value)}, body);
        out += "{\"type\":";
        append_json_string(out, alternative.tag);
        if (body != "{}") out += ',';
        out.append(body, 1);
        return;
    }
    case Kind::json: static_cast<const Json*>(value.value)->append_to(out); return;
    }
}

Json to_document(Ref value) {
    std::string text;
    encode(value, text);
    // Our own encoder's output: bounded by what it was made from, so the limits of foreign input do not apply.
    return Json::parse(text, {.max_depth = 1000, .max_values = 100'000'000}).or_throw();
}

} // namespace gravity::json
