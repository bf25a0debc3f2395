#include "assembly.hpp"

#include "api.hpp"
#include "asking.hpp"
#include "certifier.hpp"
#include "config.hpp"
#include "contact_letters.hpp"
#include "erasure_replay.hpp"
#include "forget_job.hpp"
#include "reads.hpp"
#include "receipts.hpp"
#include "scim_clients_seen.hpp"
#include "sign_ins.hpp"
#include "user_migrations.hpp"

#include <gravity/app/stopping.hpp>
#include <gravity/async/coroutine.hpp>
#include <gravity/log/log.hpp>

namespace gravity::user {
namespace {

Task<std::optional<std::string>> codes_probe(bool sent) {
    if (sent) co_return std::nullopt;
    co_return "codes are not sent (SMTP_URL, USER_CODES_IN_EVENTS): who administers users changes their addresses";
}

Task<std::optional<std::string>> mail_probe(std::shared_ptr<mail::Outgoing> outgoing) { co_return outgoing->trouble(); }

void provide_mail(app::Runtime& runtime, const Settings& settings) {
    const auth::MasterKeys* const keys = runtime.resources.find<auth::MasterKeys>();
    auto outgoing = std::make_shared<mail::Outgoing>(runtime.io, runtime.resources.get<mail::Settings>(), keys, may_have_letters);
    const bool sent = *settings.codes_in_events || outgoing->on();
    runtime.health.add("contact-changes", app::Health::Kind::optional, [sent] { return codes_probe(sent); });
    if (outgoing->on()) runtime.health.add("mail", app::Health::Kind::optional, [outgoing] { return mail_probe(outgoing); });
    runtime.resources.put(std::move(outgoing));
}

Task<std::optional<std::string>> certificates_probe(bool signs) {
    if (signs) co_return std::nullopt;
    co_return "certificates of erasures are not signed (USER_CERTIFICATE_KEY)";
}

std::optional<std::string> trouble_of_erasures(const ErasureLedger& ledger, const Replayed& replayed) {
    if (!ledger.keeps()) return "a restored backup brings back who was erased after it was made (USER_ERASURES_DIR)";
    if (ledger.is_missing())
        return ledger.file() + " is missing though people were erased, and nobody is erased without it: mount what has it, or make it, empty, where there has "
                               "been none yet, and start again (USER_ERASURES_DIR)";
    std::string trouble;
    if (replayed.failed > 0) trouble = std::to_string(replayed.failed) + " who were erased are back and cannot be erased again: the log names them";
    if (replayed.unreadable > 0)
        trouble += (trouble.empty() ? "" : "; ") + std::to_string(replayed.unreadable) + " lines of who was erased cannot be read (USER_ERASURES_DIR)";
    return trouble.empty() ? std::nullopt : std::optional(trouble);
}

Task<std::optional<std::string>> erasures_probe(std::optional<std::string> trouble) { co_return trouble; }

// Before anything is served or any job is done, however many were erased: it may take long.
std::function<void()> prepare_ledger(app::Runtime& runtime) {
    const Settings& settings = runtime.resources.get<Settings>();
    const auto& stopping = runtime.resources.get<app::Stopping>();
    auto ledger = std::make_shared<ErasureLedger>(settings.erasures_dir, [&runtime] { return knows_of_erasures(*runtime.database); });
    const Replayed replayed = replay_erasures(*runtime.database, *ledger, settings.privacy_zone, stopping.asked);
    const std::optional<std::string> trouble = trouble_of_erasures(*ledger, replayed);
    if (ledger->is_missing()) log::error("the file of who was erased is missing", {{"file", ledger->file()}});
    return [&runtime, ledger, trouble] {
        runtime.health.add("erasures", app::Health::Kind::optional, [trouble] { return erasures_probe(trouble); });
        runtime.resources.put(ledger);
    };
}

void provide(app::Runtime& runtime) {
    const Settings& settings = runtime.resources.get<Settings>();
    auto certifier = std::make_shared<Certifier>(settings.certificate_key);
    runtime.health.add("certificates", app::Health::Kind::optional, [signs = certifier->signs()] { return certificates_probe(signs); });
    runtime.resources.put(std::move(certifier));
    runtime.resources.put(std::make_shared<RegisteredHolders>(runtime.io, runtime.settings, settings));
    runtime.resources.put(std::make_shared<Reads>(*runtime.database));
    runtime.resources.put(std::make_shared<SeenClients>());
    provide_mail(runtime, settings);
}

} // namespace

Service assemble(std::uint16_t port) {
    Service service{"user", port};
    service.settings<Settings>("USER_")
        .settings<mail::Settings>("")
        .postgres(user_migrations())
        .routes(routes)
        .roots({"/scim"})
        .access_keys()
        .consume(make_stub)
        .consume(note_sign_in)
        .job(forget_ended)
        .job(mail::send_mail)
        .job(advance_privacy_request)
        .consume(take_receipt)
        .schedule("37 * * * *", ForgetEnded{}, {.each_project = true})
        .provision(provide)
        .prepare(prepare_ledger);
    return service;
}

} // namespace gravity::user
