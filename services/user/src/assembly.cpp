#include "assembly.hpp"

#include "api.hpp"
#include "asking.hpp"
#include "certifier.hpp"
#include "config.hpp"
#include "forget_job.hpp"
#include "reads.hpp"
#include "receipts.hpp"
#include "sign_ins.hpp"
#include "user_migrations.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::user {
namespace {

Task<std::optional<std::string>> codes_probe(bool sent) {
    if (sent) co_return std::nullopt;
    co_return "codes are not sent (USER_CODES_IN_EVENTS): who administers users changes their addresses";
}

Task<std::optional<std::string>> certificates_probe(bool signs) {
    if (signs) co_return std::nullopt;
    co_return "certificates of erasures are not signed (USER_CERTIFICATE_KEY)";
}

void provide(app::Runtime& runtime) {
    const Settings& settings = runtime.resources.get<Settings>();
    auto certifier = std::make_shared<Certifier>(settings.certificate_key);
    runtime.health.add("certificates", app::Health::Kind::optional, [signs = certifier->signs()] { return certificates_probe(signs); });
    runtime.resources.put(std::move(certifier));
    runtime.resources.put(std::make_shared<RegisteredHolders>(runtime.io, runtime.settings, settings));
    runtime.resources.put(std::make_shared<Reads>(*runtime.database));
    const bool sent = *settings.codes_in_events;
    runtime.health.add("contact-changes", app::Health::Kind::optional, [sent] { return codes_probe(sent); });
}

} // namespace

Service assemble(std::uint16_t port) {
    Service service{"user", port};
    service.settings<Settings>("USER_")
        .postgres(user_migrations())
        .routes(routes)
        .roots({"/scim"})
        .access_keys()
        .consume(make_stub)
        .consume(note_sign_in)
        .job(forget_ended)
        .job(advance_privacy_request)
        .consume(take_receipt)
        .schedule("37 * * * *", ForgetEnded{}, {.each_project = true})
        .provision(provide);
    return service;
}

} // namespace gravity::user
