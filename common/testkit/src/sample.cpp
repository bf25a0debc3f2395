#include <gravity/base/uuid.hpp>
#include <gravity/meta/text.hpp>
#include <gravity/testkit/sample.hpp>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace gravity::testkit {
namespace {

using meta::Kind;
using meta::Type;

constexpr int deepest = 4; // a type that holds itself ends here
constexpr int tries = 96;

const Type& inner(const Type& type) { return type.kind == Kind::optional ? inner(type.optional->element()) : type; }

bool takes_text(const Type& type, std::string_view text) {
    const auto scratch = type.make();
    std::string why;
    return meta::from_text(text, {&type, scratch.get()}, why);
}

bool takes(const Type& type, const Json& value) {
    const auto scratch = type.make();
    meta::Errors errors;
    json::decode(value, {&type, scratch.get()}, errors);
    return errors.empty();
}

std::string_view name_of(const Type& type) { return type.name.empty() ? type.doc.empty() ? "a text" : type.doc : type.name; }

} // namespace

std::string Sampler::letters(std::size_t length) {
    static constexpr std::string_view first = "abcdefghijklmnopqrstuvwxyz", other = "abcdefghijklmnopqrstuvwxyz0123456789";
    std::string text;
    for (std::size_t i = 0; i < length; ++i) text += i == 0 ? first[below(first.size())] : other[below(other.size())];
    return text;
}

Json Sampler::text_value(const Type& type, Fullness fullness) {
    const auto low = static_cast<std::size_t>(std::max<std::int64_t>(type.min, 1));
    const auto high = static_cast<std::size_t>(std::max<std::int64_t>(type.max, 1));
    const std::string word = letters(std::clamp<std::size_t>(14, std::min(low, high), high));
    std::vector<std::string> candidates;
    if (fullness == Fullness::mixed && chance(3)) candidates.push_back("Gr\xc3\xb6\xc3\x9f"
                                                                       "e \xe2\x82\xac \xf0\x9f\xa6\x8a " +
                                                                       letters(8));
    if (type.format == "uuid") {
        std::string bytes;
        for (int i = 0; i < 16; ++i) bytes += static_cast<char>(below(256));
        static constexpr std::string_view digits = "0123456789abcdef";
        std::string text;
        for (std::size_t i = 0; i < 32; ++i) {
            if (i == 8 || i == 12 || i == 16 || i == 20) text += '-';
            text += i == 12 ? '7' : i == 16 ? '8'
                                            : digits[below(16)];
        }
        candidates.push_back(text);
    }
    candidates.insert(candidates.end(), {word, word + "@example.org", "https://example.org/" + word});
    if (!type.example.empty()) {
        const auto example = Json::parse(type.example);
        if (example && example->is_string()) candidates.push_back(example->as_string());
    }
    std::string digits;
    while (digits.size() < std::clamp<std::size_t>(9, std::min(low, high), high)) digits += static_cast<char>('1' + below(9));
    candidates.insert(candidates.end(), {digits, "+49" + digits, "A" + word, "en", "EUR", "2026-11-23", "2026-11-23T12:00:00Z", "PT15M"});
    for (const auto& candidate : candidates)
        if (takes_text(type, candidate)) return candidate;
    throw std::runtime_error("no sample of " + std::string(name_of(type)) + " found: give its type an `example`");
}

Json Sampler::object(const Type& type, Fullness fullness, int depth) {
    Json out = Json::object();
    const auto fields = type.object->fields();
    const auto& required = meta::required_fields_cached(type);
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const bool wanted = required[i] || (depth < deepest && (fullness == Fullness::everything || (fullness == Fullness::mixed && chance(2))));
        if (wanted) out[fields[i].name] = draw(fields[i].type(), fullness, depth + 1);
    }
    return out;
}

Json Sampler::draw(const Type& type, Fullness fullness, int depth) {
    switch (type.kind) {
    case Kind::boolean: return chance(2);
    case Kind::integer: {
        const std::int64_t low = std::max<std::int64_t>(type.min, type.max < 1 ? type.min : 0);
        const std::int64_t high = type.max - low > 1000 ? low + 1000 : type.max;
        return low + static_cast<std::int64_t>(below(static_cast<std::size_t>(high - low) + 1));
    }
    case Kind::number: {
        const double low = std::max(type.number_min, type.number_max < 0 ? type.number_min : 0.0);
        const double high = std::min(type.number_max, low + 100);
        return low + (high - low) * static_cast<double>(below(4)) / 4;
    }
    case Kind::text: return text_value(type, fullness);
    case Kind::enumeration: return type.names[below(type.names.size())];
    case Kind::object: return object(type, fullness, depth);
    case Kind::optional: return draw(type.optional->element(), fullness, depth);
    case Kind::list:
    case Kind::map: {
        const bool list = type.kind == Kind::list;
        const Type& element = list ? type.list->element() : type.map->element();
        const auto least = static_cast<std::size_t>(std::max<std::int64_t>(type.min, 0));
        const auto most = static_cast<std::size_t>(std::max<std::int64_t>(type.max, 0));
        const std::size_t extra = fullness == Fullness::required || depth >= deepest ? 0 : fullness == Fullness::everything ? 2
                                                                                                                            : below(3);
        Json out = list ? Json::array() : Json::object();
        for (std::size_t i = 0; i < std::min(least + extra, most); ++i) {
            if (list)
                out.push_back(draw(element, fullness, depth + 1));
            else
                out[letters(6)] = draw(element, fullness, depth + 1);
        }
        return out;
    }
    case Kind::variant: {
        const auto alternatives = type.variant->alternatives();
        const auto& chosen = alternatives[below(alternatives.size())];
        Json out = draw(chosen.type(), fullness, depth);
        out["type"] = chosen.tag;
        return out;
    }
    case Kind::json: return Json::object({{letters(4), letters(6)}});
    }
    return {};
}

Json Sampler::value(const Type& type, Fullness fullness) {
    for (int i = 0; i < tries; ++i) {
        // A rule over several fields may want one that the table lets lack, or not want all of them.
        const Fullness how = i < 24 ? fullness : i < tries - 8 ? Fullness::mixed
                                                               : Fullness::everything;
        Json candidate = draw(type, how, 0);
        if (takes(type, candidate)) return candidate;
    }
    throw std::runtime_error("no sample of " + std::string(name_of(type)) + " found that keeps its own rules");
}

Json Sampler::merge_patch(const Type& type) {
    if (inner(type).kind != Kind::object) return value(type);
    const auto fields = inner(type).object->fields();
    for (int i = 0; i < tries; ++i) {
        Json patch = Json::object();
        Json whole = value(inner(type), Fullness::everything);
        for (std::size_t f = 0; f < fields.size(); ++f)
            if (const Json* member = whole.find(fields[f].name); member != nullptr && chance(2)) patch[fields[f].name] = *member;
        if (patch.size() != 0) return patch;
    }
    return Json::object();
}

std::string Sampler::text(const Type& type) {
    const Type& scalar = inner(type.kind == Kind::list ? type.list->element() : type);
    const Json drawn = draw(scalar, Fullness::required, 0);
    return drawn.is_string() ? drawn.as_string() : drawn.dump();
}

std::string Sampler::refused_text(const Type& type) {
    const Type& scalar = inner(type.kind == Kind::list ? type.list->element() : type);
    std::vector<std::string> candidates{"no such value!", "\x01", std::string(9, ' ')};
    if (scalar.kind == Kind::text && scalar.max < 5000) candidates.push_back(std::string(static_cast<std::size_t>(scalar.max) + 1, 'a'));
    for (const auto& candidate : candidates)
        if (!takes_text(scalar, candidate)) return candidate;
    return {};
}

namespace {

// One way through a document: each member in turn is spoiled in a copy of the whole.
class Spoiler {
public:
    Spoiler(const Json& whole, bool patch, Sampler& sampler) : whole_(whole), patch_(patch), sampler_(sampler) {}

    void visit(const Type& outer, const Json& here, const std::string& pointer, int depth) {
        const Type& type = inner(outer);
        wrong_kind(type, pointer);
        switch (type.kind) {
        case Kind::object:
        case Kind::variant:
            if (here.is_object() && depth < 3) members(type, here, pointer, depth);
            return;
        case Kind::list:
            if (type.max < 500)
                put(pointer, Json(Json::Array(static_cast<std::size_t>(type.max) + 1, sample_element(type))), 422, "with too many items", pointer);
            if (type.min > 0) put(pointer, Json::array(), 422, "with too few items", pointer);
            if (here.is_array() && here.size() != 0 && depth < 3) visit(type.list->element(), here.as_array().front(), pointer + "/0", depth + 1);
            return;
        case Kind::map:
            if (!here.is_object() || here.size() == 0 || depth >= 3) return;
            return visit(type.map->element(), here.as_object().begin()->second, pointer + "/" + here.as_object().begin()->first, depth + 1);
        case Kind::enumeration: return put(pointer, "no_such_name", 422, "with a name that is none of the enumeration's", pointer);
        case Kind::integer:
            if (type.min > std::numeric_limits<std::int64_t>::min()) put(pointer, type.min - 1, 422, "below its least", pointer);
            if (type.max < std::numeric_limits<std::int64_t>::max()) put(pointer, type.max + 1, 422, "above its most", pointer);
            return;
        case Kind::number:
            if (type.number_max < 1e300) put(pointer, type.number_max + 1, 422, "above its most", pointer);
            if (type.number_min > -1e300) put(pointer, type.number_min - 1, 422, "below its least", pointer);
            return;
        case Kind::text: {
            const std::string refused = sampler_.refused_text(type);
            if (!refused.empty()) put(pointer, refused, 422, "with a text it does not take", pointer);
            return;
        }
        default: return;
        }
    }

    std::vector<SpoiledInput> take() { return std::move(found_); }

private:
    static const Type* object_type(const Type& type, const Json& here) {
        if (type.kind == Kind::object) return &type;
        const Json* tag = here.find("type");
        for (const auto& alternative : type.variant->alternatives())
            if (tag != nullptr && *tag == Json(alternative.tag)) return &alternative.type();
        return nullptr;
    }

    void members(const Type& outer, const Json& here, const std::string& pointer, int depth) {
        put(pointer + "/no_such_member", 1, 400, "unknown", pointer + "/no_such_member");
        if (outer.kind == Kind::variant && !patch_) put(pointer + "/type", "no_such_alternative", 422, "of no alternative", pointer + "/type");
        const Type* const type = object_type(outer, here);
        if (type == nullptr) return;
        const auto fields = type->object->fields();
        const auto& required = meta::required_fields_cached(*type);
        for (std::size_t i = 0; i < fields.size(); ++i) {
            const std::string place = pointer + "/" + std::string(fields[i].name);
            const Json* const member = here.find(fields[i].name);
            if (required[i] && !patch_) remove(pointer, fields[i].name, place);
            // Deeper, an object that is not there yet has nothing to remove (RFC 7396 section 2): another answer.
            if (patch_ && pointer.empty() && fields[i].type().kind != Kind::optional && fields[i].type().kind != Kind::json)
                put(place, Json(), 422, "removed by null", place);
            if (member != nullptr) visit(fields[i].type(), *member, place, depth + 1);
        }
    }

    void wrong_kind(const Type& type, const std::string& pointer) {
        Json wrong;
        switch (type.kind) {
        case Kind::text:
        case Kind::enumeration: wrong = 17; break;
        case Kind::boolean: wrong = "true"; break;
        case Kind::integer:
        case Kind::number: wrong = "12"; break;
        case Kind::object:
        case Kind::map:
        case Kind::variant: wrong = Json::array(); break;
        case Kind::list: wrong = Json::object(); break;
        default: return;
        }
        put(pointer, std::move(wrong), 400, "of a wrong kind", pointer);
    }

    Json sample_element(const Type& list) { return sampler_.value(list.list->element()); }

    void put(const std::string& at, Json value, int status, std::string_view what, const std::string& pointer) {
        Json document = whole_;
        if (at.empty()) {
            document = std::move(value);
        } else {
            Json* const parent = place(document, at.substr(0, at.rfind('/')));
            if (parent == nullptr) return;
            const std::string name = at.substr(at.rfind('/') + 1);
            if (parent->is_array())
                parent->as_array()[std::stoul(name)] = std::move(value);
            else
                (*parent)[name] = std::move(value);
        }
        found_.push_back({(at.empty() ? "the body " : at + " ") + std::string(what), std::move(document), pointer, status});
    }

    void remove(const std::string& parent, std::string_view name, const std::string& pointer) {
        Json document = whole_;
        Json* const object = place(document, parent);
        if (object == nullptr || !object->is_object()) return;
        object->as_object().erase(std::string(name));
        found_.push_back({pointer + " left out", std::move(document), pointer, 400});
    }

    static Json* place(Json& document, const std::string& pointer) { return const_cast<Json*>(document.at_pointer(pointer)); }

    const Json& whole_;
    bool patch_;
    Sampler& sampler_;
    std::vector<SpoiledInput> found_;
};

} // namespace

std::vector<SpoiledInput> spoil(const Type& type, const Json& valid, bool patch, Sampler& sampler) {
    Spoiler spoiler(valid, patch, sampler);
    spoiler.visit(type, valid, "", 0);
    return spoiler.take();
}

} // namespace gravity::testkit
