#include <gravity/app/settings.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/levenshtein.hpp>
#include <gravity/meta/text.hpp>

#include <algorithm>
#include <stdexcept>
#include <yaml-cpp/yaml.h>

namespace gravity::app {
namespace {

struct Slot {
    std::string name;
    const meta::Field* field;
    void* place;
    const void* prototype; // the field's default, in the default-constructed struct
};

std::vector<Slot> slots_of(const std::vector<SettingsSection>& sections, std::vector<std::shared_ptr<void>>& keep) {
    std::vector<Slot> slots;
    for (const SettingsSection& section : sections) {
        keep.push_back(section.values.type->make());
        for (const meta::Field& field : section.values.type->object->fields())
            slots.push_back({section.prefix + ascii::upper(field.name), &field, field.at(section.values.value), field.at_const(keep.back().get())});
    }
    return slots;
}

[[noreturn]] void unknown(const std::string& name, const std::vector<Slot>& slots) {
    std::vector<std::string_view> names;
    for (const Slot& slot : slots) names.push_back(slot.name);
    std::string line = "unknown setting " + name;
    if (const auto meant = nearest(name, names); !meant.empty()) line += "; did you mean " + std::string(meant) + "?";
    throw std::invalid_argument(line);
}

void assign(const Slot& slot, const std::string& text) {
    const meta::Type& type = slot.field->type();
    if (text.empty() && type.kind == meta::Kind::optional) return type.optional->reset(slot.place); // Compose passes unset variables as ""
    std::string why;
    if (!meta::from_text(text, {&type, slot.place}, why)) throw std::invalid_argument("setting " + slot.name + " " + why);
}

bool lacks_value(const Slot& slot, const void* place) {
    const meta::Type& type = slot.field->type();
    return type.is_set != nullptr && !type.is_set(place);
}

bool is_secret(const meta::Type& type) { return type.secret || (type.kind == meta::Kind::optional && type.optional->element().secret); }

std::string type_name(const meta::Type& type) {
    switch (type.kind) {
    case meta::Kind::boolean: return "boolean";
    case meta::Kind::integer: return "integer";
    case meta::Kind::number: return "number";
    case meta::Kind::optional: return type_name(type.optional->element());
    case meta::Kind::enumeration: {
        std::string names;
        for (const auto name : type.names) names += (names.empty() ? "" : "|") + std::string(name);
        return names;
    }
    default: return type.secret ? "secret" : type.format.empty() ? "string"
                                                                 : std::string(type.format);
    }
}

} // namespace

void load_settings(const std::vector<SettingsSection>& sections, const Texts& file, const Texts& environment, const Texts& flags) {
    std::vector<std::shared_ptr<void>> keep;
    const auto slots = slots_of(sections, keep);
    const auto find = [&](const std::string& name) {
        return std::find_if(slots.begin(), slots.end(), [&](const Slot& s) { return s.name == name; });
    };
    for (const Texts* source : {&file, &environment, &flags}) {
        for (const auto& [name, text] : *source) {
            const auto slot = find(name);
            if (slot != slots.end()) {
                assign(*slot, text);
            } else if (source != &environment || std::any_of(sections.begin(), sections.end(), [&](const SettingsSection& s) {
                           return !s.prefix.empty() && name.starts_with(s.prefix);
                       })) {
                unknown(name, slots);
            }
        }
    }
}

void require_settings(const std::vector<SettingsSection>& sections) {
    std::vector<std::shared_ptr<void>> keep;
    for (const Slot& slot : slots_of(sections, keep))
        if (lacks_value(slot, slot.place)) throw std::invalid_argument("setting " + slot.name + " is required");
}

Texts read_settings_file(const std::string& path) {
    try {
        const YAML::Node document = YAML::LoadFile(path);
        if (document.IsNull()) return {};
        if (!document.IsMap()) throw std::invalid_argument(path + ": must be a mapping of settings");
        Texts texts;
        for (const auto& entry : document) {
            const auto name = ascii::upper(entry.first.as<std::string>());
            if (!entry.second.IsScalar()) throw std::invalid_argument(path + ": " + name + " must be a single value");
            texts[name] = entry.second.as<std::string>();
        }
        return texts;
    } catch (const YAML::BadFile&) {
        throw std::invalid_argument(path + ": cannot be read");
    } catch (const YAML::Exception& error) {
        throw std::invalid_argument(path + ": " + error.what());
    }
}

std::vector<SettingInfo> describe_settings(const std::vector<SettingsSection>& sections) {
    std::vector<std::shared_ptr<void>> keep;
    std::vector<SettingInfo> infos;
    for (const Slot& slot : slots_of(sections, keep)) {
        const meta::Type& type = slot.field->type();
        SettingInfo info;
        info.name = slot.name;
        info.type = type_name(type);
        info.secret = is_secret(type);
        info.doc = slot.field->doc.empty() ? std::string(type.doc) : std::string(slot.field->doc);
        info.required = lacks_value(slot, slot.prototype);
        const bool absent = type.kind == meta::Kind::optional && type.optional->get(slot.prototype) == nullptr;
        if (!info.required && !absent && !info.secret) info.default_text = meta::to_text({&type, slot.prototype});
        const bool empty = lacks_value(slot, slot.place) || (type.kind == meta::Kind::optional && type.optional->get(slot.place) == nullptr);
        if (!empty) info.value = info.secret ? "***" : meta::to_text({&type, slot.place});
        infos.push_back(std::move(info));
    }
    return infos;
}

} // namespace gravity::app
