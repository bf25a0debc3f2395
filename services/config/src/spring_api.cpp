#include "spring_api.hpp"

#include "effective.hpp"
#include "problems.hpp"
#include "references.hpp"
#include "spring_domain.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

namespace gravity::config::spring {
namespace {

std::string tag_of_bytes(std::string_view bytes) { return "\"" + hex_encode(sha256(bytes)).substr(0, 32) + "\""; }

Selection selection_of(std::string_view applications, std::string_view profiles) {
    auto wanted_applications = split_names(applications), wanted_profiles = split_names(profiles);
    if (!wanted_applications || !wanted_profiles) throw Refusal(problems::malformed, "There may be " + std::to_string(max_selected) + " names");
    return {*std::move(wanted_applications), *std::move(wanted_profiles)};
}

/// Who asks, and what answers them.
struct Visit {
    const Caller& caller;
    const Settings& settings;
    const Vault& vault;
    const std::optional<std::string>& instance;
};

InForce read(Tx& tx, const Selection& selection, std::optional<std::string_view> label, const Visit& visit) {
    const LabelName& fallback = visit.settings.default_label;
    const Sight sight{&visit.vault, sees_secrets(visit.caller, selection)};
    if (!label) return read_in_force(tx, selection, fallback, fallback, sight, visit.instance);
    const auto name = LabelName::parse(label_of(*label));
    if (!name) throw Refusal(no_such_label);
    return read_in_force(tx, selection, *name, fallback, sight, visit.instance);
}

Download answer(std::string content_type, std::string text) {
    std::string tag = tag_of_bytes(text);
    return {std::move(content_type), std::move(text), {}, 200, std::move(tag)};
}

Items values(const InForce& in_force, const SpringQuery& query) {
    Items items = merged(in_force);
    return query.resolve_placeholders ? resolve(items).items : items;
}

Download environment_of(Tx& tx, std::string_view application, std::string_view profiles, std::optional<std::string_view> label, const Visit& visit) {
    const Selection selection = selection_of(application, profiles);
    const InForce in_force = read(tx, selection, label, visit);
    std::vector<PropertySource> sources;
    for (std::size_t i = 0; i < in_force.origins.size(); ++i)
        sources.push_back({layer_name(in_force.origins[i].application.view(), in_force.origins[i].profile.view()), &in_force.layers[i]});
    const std::optional<std::string> shown = label ? std::optional<std::string>(label_of(*label)) : std::nullopt;
    return answer("application/json", environment(application, selection.profiles, shown, in_force.version, sources).dump());
}

Download file_of(Tx& tx, const FileName& name, std::optional<std::string_view> label, const SpringQuery& query, const Visit& visit) {
    File file = render(values(read(tx, selection_of(name.application, name.profiles), label, visit), query), name.form);
    return answer(std::move(file.content_type), std::move(file.text));
}

Download plain(Tx& tx, std::string_view application, std::string_view profiles, std::optional<std::string_view> label, const std::string& path,
               const SpringQuery& query, const Visit& visit) {
    const Items items = values(read(tx, selection_of(application, profiles), label, visit), query);
    const auto found = items.find(path); // a key, not a path of any file system
    if (found == items.end()) throw Refusal(problems::not_found);
    return answer("text/plain; charset=utf-8", found->second.is_string() ? found->second.as_string() : found->second.dump());
}

} // namespace

SpringQuery read_spring_query(std::string_view query, std::optional<std::string_view> instance) {
    SpringQuery read;
    if (instance) read.instance = *instance;
    const auto parameters = http::parse_query(query);
    if (!parameters) return read;
    for (const auto& [name, value] : *parameters) {
        if (name == "useDefaultLabel") read.use_default_label = true;
        if (name == "instance") read.instance = value;
        if (name == "resolvePlaceholders") read.resolve_placeholders = value != "false";
    }
    return read;
}

Download file(Tx& tx, Caller caller, Path<"file", PathText> file, SpringQuery query, Given<Settings> settings, Given<Vault> vault) {
    const auto name = parse_file_name(file->view());
    if (!name) throw Refusal(problems::not_found);
    return file_of(tx, *name, std::nullopt, query, {caller, *settings, *vault, query.instance});
}

Download environment_or_file(Tx& tx, Caller caller, Path<"application", PathText> application, Path<"profiles", PathText> profiles, SpringQuery query,
                             Given<Settings> settings, Given<Vault> vault) {
    if (const auto name = parse_file_name(profiles->view())) return file_of(tx, *name, application->view(), query, {caller, *settings, *vault, query.instance});
    return environment_of(tx, application->view(), profiles->view(), std::nullopt, {caller, *settings, *vault, query.instance});
}

Download labelled(Tx& tx, Caller caller, Path<"application", PathText> application, Path<"profiles", PathText> profiles, Path<"label", PathText> label,
                  SpringQuery query, Given<Settings> settings, Given<Vault> vault) {
    const Visit visit{caller, *settings, *vault, query.instance};
    if (query.use_default_label) return plain(tx, application->view(), profiles->view(), std::nullopt, label->str(), query, visit);
    return environment_of(tx, application->view(), profiles->view(), label->view(), visit);
}

Download plain_file(Tx& tx, Caller caller, Path<"application", PathText> application, Path<"profiles", PathText> profiles, Path<"label", PathText> label,
                    Path<"path", PathText> path, SpringQuery query, Given<Settings> settings, Given<Vault> vault) {
    const std::string whole = query.use_default_label ? label->str() + "/" + path->str() : path->str();
    const std::optional<std::string_view> asked = query.use_default_label ? std::nullopt : std::optional<std::string_view>(label->view());
    return plain(tx, application->view(), profiles->view(), asked, whole, query, {caller, *settings, *vault, query.instance});
}

} // namespace gravity::config::spring
