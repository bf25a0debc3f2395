#pragma once

#include <gravity/base/secret.hpp>
#include <gravity/mail/smtp.hpp>
#include <gravity/meta/describe.hpp>

#include <optional>
#include <string>
#include <utility>

/// What a service is told that sends mail itself: `service.settings<mail::Settings>("")`.
namespace gravity::mail {

struct Settings {
    std::optional<Secret<>> smtp_url;
    std::optional<std::string> mail_from;
    std::optional<std::string> smtp_ca_file;
};
BOOST_DESCRIBE_STRUCT(Settings, (), (smtp_url, mail_from, smtp_ca_file))

/// The same, looked at.
struct Setup {
    SenderOptions sender;
    Mailbox from;
};
/// Nothing without SMTP_URL. Throws std::invalid_argument with one line that names the setting at fault, and nothing of a secret one.
std::optional<Setup> setup_of(const Settings& settings);

} // namespace gravity::mail

template <>
struct gravity::meta::docs<gravity::mail::Settings> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"smtp_url", "Server that takes mail: smtp://user:password@host:587 (STARTTLS demanded) or smtps://user:password@host:465; without it none is sent"},
        {"mail_from", "Whom that mail comes from: Example <no-reply@example.com>; needed with SMTP_URL"},
        {"smtp_ca_file", "PEM certificates that the mail server's has to descend from; without it the system's"},
    };
};
