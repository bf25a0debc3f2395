#include "sets_of_many_api.hpp"

#include "importing.hpp"
#include "imports_store.hpp"
#include "publishing.hpp"
#include "settings_files.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/exchange.hpp>
#include <gravity/json/codec.hpp>

#include <algorithm>
#include <numeric>
#include <tuple>

namespace gravity::config::imports {
namespace {

constexpr std::size_t most_sets_at_once = 1'000;
constexpr int sets_of_a_page = 10; // each may have 2 MiB

auto place_of_set(const NewConfigSet& set) { return std::tie(set.label, set.application, set.profile); }

/// The order in which drafts are locked, the same whoever imports.
std::vector<std::size_t> in_order(const std::vector<SetOfMany>& sets) {
    std::vector<std::size_t> order(sets.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return place_of_set(sets[a]) < place_of_set(sets[b]); });
    for (std::size_t i = 1; i < order.size(); ++i)
        if (place_of_set(sets[order[i - 1]]) == place_of_set(sets[order[i]]))
            throw Refusal(problems::invalid).with_faults({{"/sets/" + std::to_string(std::max(order[i - 1], order[i])), "stands there twice"}});
    return order;
}

/// Takes out `***` where the draft has no secret, so that sets can be moved to where their secrets are not yet. Of a list it stays, and is refused.
std::vector<std::string> take_out_missing(Items& items, const Items& draft) {
    std::vector<std::string> missing;
    for (auto item = items.begin(); item != items.end();) {
        const auto kept = draft.find(item->first);
        const bool stands_for_one = item->second == Json(masked) && item->first.find('[') == std::string::npos;
        if (stands_for_one && (kept == draft.end() || !is_secret(kept->second))) {
            missing.push_back(item->first);
            item = items.erase(item);
        } else {
            ++item;
        }
    }
    return missing;
}

ImportedSet import_set(Tx& tx, const Actor& by, const SetOfMany& set, ImportMode mode, const Vault& vault) {
    ImportFile file;
    static_cast<NewConfigSet&>(file) = set;
    file.format = SettingsFormat::json;
    file.mode = mode;
    Items draft;
    if (const auto found = tx.maybe(find_set, set)) {
        file.base_number = tx.one(get_head, *found).number;
        draft = from_json(tx.one(get_draft, *found).items);
    }
    ImportedSet imported;
    Items items = read_settings(SettingsFormat::json, set.items.dump());
    imported.missing_secrets = take_out_missing(items, draft);
    file.content = to_json(items).dump();
    static_cast<Imported&>(imported) = import_into_draft(tx, by, file, vault);
    return imported;
}

/// With pointers into the whole.
[[noreturn]] void refuse_set(const Refusal& refused, std::size_t index) {
    std::vector<Refusal::Fault> faults = refused.faults();
    for (Refusal::Fault& fault : faults) {
        const std::string inner = fault.pointer == "/content" ? std::string("/items") : fault.pointer;
        fault.pointer = "/sets/" + std::to_string(index) + inner;
    }
    throw Refusal(refused.problem(), refused.detail()).with_faults(std::move(faults));
}

/// Some sets as JSON, each with a comma before it but the very first.
struct SetsText {
    std::string text;
    std::optional<std::string> next_cursor;
    bool any = false;
};

SetsText write_page(Tx& tx, const ListConfigSets& query, ExportedState state, bool first) {
    const Page<ConfigSet> page = tx.page(list_sets, query);
    SetsText written{{}, page.next_cursor, !first};
    for (const ConfigSet& set : page.items) {
        if (state == ExportedState::in_force && !set.release) continue;
        SetOfMany one;
        static_cast<NewConfigSet&>(one) = set;
        const Items items = state == ExportedState::drafts ? from_json(tx.one(get_draft, set.id).items) : items_of(tx, set.id, set.release);
        one.items = to_json(mask(items));
        written.text += (written.any ? ",\n" : "\n") + json::encode(one);
        written.any = true;
    }
    return written;
}

Task<void> write_sets(Ctx& ctx, http::BodyWriter& out, ExportSetsQuery asked) {
    ListConfigSets query;
    query.application = asked.application;
    query.profile = asked.profile;
    query.label = asked.label;
    query.limit = sets_of_a_page;
    const ExportedState state = *asked.state;
    bool first = true;
    co_await out.write("{\"sets\":[");
    for (bool more = true; more;) {
        const SetsText written = co_await ctx.transaction(write_page, query, state, first);
        co_await out.write(written.text);
        first = !written.any;
        more = written.next_cursor.has_value();
        if (more) query.cursor = Text<1, 1000>::parse(*written.next_cursor).or_throw();
    }
    co_await out.write("\n]}\n");
}

} // namespace

ImportedSets import_sets(Tx& tx, Actor by, Body<ImportSets> in, Given<Vault> vault) {
    if (in->sets.empty() || in->sets.size() > most_sets_at_once)
        throw Refusal(problems::invalid).with_faults({{"/sets", "must be 1 to " + std::to_string(most_sets_at_once)}});
    ImportedSets imported;
    imported.sets.resize(in->sets.size());
    for (const std::size_t index : in_order(in->sets)) {
        try {
            imported.sets[index] = import_set(tx, by, in->sets[index], *in->mode, *vault);
        } catch (const Refusal& refused) {
            if (refused.faults().empty()) throw;
            refuse_set(refused, index);
        }
    }
    return imported;
}

Task<Streamed> export_sets(Ctx&, Params<ExportSetsQuery> query) { co_return Streamed("application/json", "configs.json").by(write_sets, *query); }

} // namespace gravity::config::imports
