#include "export_archive.hpp"

#include "external_ids_store.hpp"
#include "privacy.hpp"
#include "privacy_store.hpp"
#include "sign_ins_store.hpp"
#include "users_store.hpp"
#include "zip.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

namespace gravity::user {
namespace {

constexpr std::int64_t versions_a_file = 500;

struct ExportFile {
    std::string name;
    std::string bytes;
};

std::string file_number(std::int64_t number) {
    const std::string digits = std::to_string(number);
    return std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits;
}

// Whose doing the state is was somebody else's, or their own as they know themselves.
Json without_others(const User& user) {
    Json document = json::to_document(user);
    document.as_object().erase("state_actor");
    return document;
}

// The files in their order, one for each call; nothing after the last. What is empty is not left out: that nothing is known is an answer too.
struct Place {
    std::size_t step = 0;
    std::int64_t versions = 0; // of the history, that have been read
    std::size_t holder = 0;
    std::int64_t part = 1;     // of what the holder has answered
};
struct NextFile {
    std::optional<ExportFile> file;
    Place after;
};

NextFile next_file(Tx& tx, PrivacyRequest request, Place at) {
    const UserId& id = request.user_id;
    const auto own = [&](std::string name, const Json& document) {
        Place after = at;
        ++after.step;
        return NextFile{ExportFile{"user/" + std::move(name) + ".json", document.dump()}, after};
    };
    switch (at.step) {
    case 0: return own("profile", without_others(tx.one(get_user, id)));
    case 1: return own("preferences", tx.one(export_preferences, id));
    case 2: return own("groups", tx.one(export_groups, id));
    case 3: return own("consents", tx.one(export_consents, id));
    case 4: return own("contact-changes", tx.one(export_changes, id));
    case 5: return own("merged-accounts", tx.one(export_merged, id));
    case 6: return own("activity", json::to_document(tx.maybe(get_activity, id).value_or(UserActivity{})));
    case 7: return own("external-ids", tx.one(export_external_ids, id));
    default: break;
    }
    if (at.step == 8) {
        const Json versions = tx.one(export_history, id, at.versions, versions_a_file);
        NextFile next = own("history-" + file_number(at.versions / versions_a_file + 1), versions);
        next.after = at;
        next.after.versions += versions_a_file;
        if (static_cast<std::int64_t>(versions.size()) < versions_a_file) next.after.step = 9;
        return next;
    }
    while (at.holder < request.tasks.size() && request.tasks[at.holder].holder.view() == own_holder) ++at.holder;
    if (at.holder == request.tasks.size()) return {std::nullopt, at};
    const Slug& holder = request.tasks[at.holder].holder;
    const std::string numbered = holder.str() + "-" + file_number(at.part) + ".json";
    Place after = at;
    ++after.part;
    if (const auto part = tx.maybe(get_part, request.id, holder, at.part)) return {ExportFile{numbered, part->dump()}, after};
    ++after.holder;
    after.part = 1;
    return {ExportFile{at.part == 1 ? holder.str() + ".json" : numbered, tx.one(get_task_data, request.id, holder).dump()}, after};
}

// Names are slugs and words of this file: nothing in them has to be escaped.
ExportFile index_of(const PrivacyRequest& request, const std::vector<std::string>& names) {
    std::string html = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Your data</title></head><body>\n<h1>Your data</h1>\n";
    html += "<p>Asked for on " + request.received_at.to_string() + ". Each file holds what one service keeps of you.</p>\n<ul>\n";
    for (const std::string& name : names) html += "<li><a href=\"" + name + "\">" + name + "</a></li>\n";
    return {"index.html", html + "</ul>\n</body></html>\n"};
}

class Archive {
public:
    explicit Archive(http::BodyWriter& out) : out_(out) {}

    Task<void> add(ExportFile file) {
        sums_[file.name] = hex_encode(sha256(file.bytes));
        names_.push_back(file.name);
        const std::string head = zip_.begin_file(file.name, file.bytes);
        co_await out_.write(head);
        co_await out_.write(file.bytes);
    }
    ExportFile manifest(const PrivacyRequest& request) const {
        return {"manifest.json", Json::object({{"request", request.id.to_string()}, {"user", request.user_id.to_string()}, {"sha256", sums_}}).dump()};
    }
    Task<void> finish() {
        const std::string end = zip_.finish();
        co_await out_.write(end);
    }
    const std::vector<std::string>& names() const { return names_; }

private:
    http::BodyWriter& out_;
    ZipWriter zip_;
    Json sums_ = Json::object();
    std::vector<std::string> names_;
};

} // namespace

Task<void> write_export(Ctx& ctx, http::BodyWriter& out, PrivacyRequest request) {
    Archive archive(out);
    Place at;
    for (bool more = true; more;) {
        NextFile next = co_await ctx.transaction(next_file, request, at);
        at = next.after;
        more = next.file.has_value();
        if (more) {
            ExportFile file = *std::move(next.file);
            co_await archive.add(std::move(file));
        }
    }
    ExportFile index = index_of(request, archive.names());
    co_await archive.add(std::move(index));
    ExportFile manifest = archive.manifest(request);
    co_await archive.add(std::move(manifest));
    co_await archive.finish();
}

} // namespace gravity::user
