#include <gravity/mail/settings.hpp>

#include <stdexcept>

namespace gravity::mail {

std::optional<Setup> setup_of(const Settings& settings) {
    if (!settings.smtp_url) return std::nullopt;
    auto server = Server::parse(settings.smtp_url->reveal());
    if (!server) throw std::invalid_argument("setting SMTP_URL " + server.why());
    if (!settings.mail_from) throw std::invalid_argument("setting MAIL_FROM is required with SMTP_URL");
    auto from = Mailbox::parse(*settings.mail_from);
    if (!from) throw std::invalid_argument("setting MAIL_FROM " + from.why());
    Setup setup;
    setup.sender.server = *std::move(server);
    setup.sender.trust.ca_file = settings.smtp_ca_file.value_or("");
    setup.from = *std::move(from);
    return setup;
}

} // namespace gravity::mail
