#include "spring_api.hpp"

#include "known_settings.hpp"
#include "problems.hpp"
#include "references.hpp"
#include "spring_domain.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

#include <functional>

namespace gravity::config::spring {
namespace {

std::string tag_of_bytes(std::string_view bytes) { return "\"" + hex_encode(sha256(bytes)).substr(0, 32) + "\""; }

/// No set has capitals in its names, and some clients do in what they ask for: `Development` is the usual environment of .NET's.
Selection selection_of(std::string_view applications, std::string_view profiles) {
    auto wanted_applications = split_names(ascii::lower(applications)), wanted_profiles = split_names(ascii::lower(profiles));
    if (!wanted_applications || !wanted_profiles) throw Refusal(problems::malformed, "There may be " + std::to_string(max_selected) + " names");
    return {*std::move(wanted_applications), *std::move(wanted_profiles)};
}

/// Who asks, and what answers them.
struct Visit {
    Caller caller;
    const Settings* settings;
    const Vault* vault;
    Memory* memory;
    std::optional<std::string> instance;
};

/// What is in force for a visitor, and what it is known under.
struct Sought {
    Selection selection;
    std::shared_ptr<const KnownSettings> settings;
    std::vector<int> cohort; // of the instance
    bool stale = false;
};

Task<Sought> seek(Visit visit, Selection selection, std::optional<std::string> label) {
    LabelName name = visit.settings->default_label;
    if (label) {
        auto parsed = LabelName::parse(label_of(*label));
        if (!parsed) throw Refusal(no_such_label);
        name = *std::move(parsed);
    }
    Watched watched{visit.caller.project, selection.applications, selection.profiles, std::move(name), sees_secrets(visit.caller, selection)};
    RecalledSettings recalled = co_await recall_settings(*visit.memory, std::move(watched), visit.settings->default_label, *visit.vault);
    std::vector<int> cohort = recalled.settings->view().cohort(visit.instance);
    co_return Sought{std::move(selection), std::move(recalled.settings), std::move(cohort), recalled.stale};
}

using MakeAnswer = std::function<KnownAnswer(const InForce&)>;

/// An answer under a name that says all that it depends on, beside what is in force: as it was made before, or made now.
MaybeStale<Download> answer(const Sought& sought, std::string name, const MakeAnswer& make) {
    for (const int step : sought.cohort) name += " " + std::to_string(step);
    const KnownAnswer* known = sought.settings->answer(name);
    KnownAnswer made;
    if (known == nullptr) {
        made = make(sought.settings->view().for_cohort(sought.cohort));
        made.etag = tag_of_bytes(made.text);
        sought.settings->keep(std::move(name), made);
        known = &made;
    }
    return {Download{known->content_type, known->text, {}, 200, known->etag}, sought.stale};
}

Items values(const InForce& in_force, const SpringQuery& query) {
    Items items = merged(in_force);
    return query.resolve_placeholders ? resolve(items, others_of(in_force)).items : items;
}

std::string_view name_of_values(const SpringQuery& query) { return query.resolve_placeholders ? "resolved " : "written "; }

Task<MaybeStale<Download>> environment_of(std::string application, std::string profiles, std::optional<std::string> label, Visit visit) {
    Selection selection = selection_of(application, profiles);
    const Sought sought = co_await seek(std::move(visit), std::move(selection), label);
    const std::optional<std::string> shown = label ? std::optional<std::string>(label_of(*label)) : std::nullopt;
    const MakeAnswer make = [&](const InForce& in_force) {
        const Items all = merged(in_force);
        std::vector<Items> layers; // the client resolves its own
        for (const Items& layer : in_force.layers) layers.push_back(resolve_others(layer, all, others_of(in_force)));
        std::vector<PropertySource> sources;
        for (std::size_t i = 0; i < in_force.origins.size(); ++i)
            sources.push_back({layer_name(in_force.origins[i].application.view(), in_force.origins[i].profile.view()), &layers[i]});
        Json document = environment(application, sought.selection.profiles, shown, in_force.version, sources);
        return KnownAnswer{"application/json", document.dump(), {}};
    };
    co_return answer(sought, "environment " + std::string(shown ? "labelled " : "") + std::to_string(application.size()) + ":" + application, make);
}

Task<MaybeStale<Download>> file_of(FileName name, std::optional<std::string> label, SpringQuery query, Visit visit) {
    Selection selection = selection_of(name.application, name.profiles);
    const Sought sought = co_await seek(std::move(visit), std::move(selection), label);
    const MakeAnswer make = [&](const InForce& in_force) {
        File file = render(values(in_force, query), name.form);
        return KnownAnswer{std::move(file.content_type), std::move(file.text), {}};
    };
    co_return answer(sought, "file " + std::string(name_of_values(query)) + std::to_string(static_cast<int>(name.form)), make);
}

Task<MaybeStale<Download>> plain(std::string application, std::string profiles, std::optional<std::string> label, std::string path, SpringQuery query,
                                 Visit visit) {
    Selection selection = selection_of(application, profiles);
    const Sought sought = co_await seek(std::move(visit), std::move(selection), label);
    const MakeAnswer make = [&](const InForce& in_force) {
        const Items items = values(in_force, query);
        const auto found = items.find(path); // a key, not a path of any file system
        if (found == items.end()) throw Refusal(problems::not_found);
        return KnownAnswer{"text/plain; charset=utf-8", found->second.is_string() ? found->second.as_string() : found->second.dump(), {}};
    };
    co_return answer(sought, "plain " + std::string(name_of_values(query)) + std::to_string(path.size()) + ":" + path, make);
}

Visit visit_of(const Caller& caller, const SpringQuery& query, const Asked& asked) {
    return {caller, asked.settings.value, asked.vault.value, asked.memory.value, query.instance};
}

std::optional<std::string> text_of(const PathText& text) { return text.str(); }

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

Task<MaybeStale<Download>> file(Ctx&, Caller caller, Path<"file", PathText> file, SpringQuery query, Asked asked) {
    auto name = parse_file_name(file->view());
    if (!name) throw Refusal(problems::not_found);
    Visit visit = visit_of(caller, query, asked);
    co_return co_await file_of(*std::move(name), std::nullopt, std::move(query), std::move(visit));
}

Task<MaybeStale<Download>> environment_or_file(Ctx&, Caller caller, Path<"application", PathText> application, Path<"profiles", PathText> profiles,
                                               SpringQuery query, Asked asked) {
    Visit visit = visit_of(caller, query, asked);
    if (auto name = parse_file_name(profiles->view()))
        co_return co_await file_of(*std::move(name), text_of(*application), std::move(query), std::move(visit));
    co_return co_await environment_of(application->str(), profiles->str(), std::nullopt, std::move(visit));
}

Task<MaybeStale<Download>> labelled(Ctx&, Caller caller, Path<"application", PathText> application, Path<"profiles", PathText> profiles,
                                    Path<"label", PathText> label, SpringQuery query, Asked asked) {
    Visit visit = visit_of(caller, query, asked);
    if (query.use_default_label)
        co_return co_await plain(application->str(), profiles->str(), std::nullopt, label->str(), std::move(query), std::move(visit));
    co_return co_await environment_of(application->str(), profiles->str(), text_of(*label), std::move(visit));
}

Task<MaybeStale<Download>> plain_file(Ctx&, Caller caller, Path<"application", PathText> application, Path<"profiles", PathText> profiles,
                                      Path<"label", PathText> label, Path<"path", PathText> path, SpringQuery query, Asked asked) {
    Visit visit = visit_of(caller, query, asked);
    if (query.use_default_label) {
        std::string whole = label->str() + "/" + path->str();
        co_return co_await plain(application->str(), profiles->str(), std::nullopt, std::move(whole), std::move(query), std::move(visit));
    }
    co_return co_await plain(application->str(), profiles->str(), text_of(*label), path->str(), std::move(query), std::move(visit));
}

} // namespace gravity::config::spring
