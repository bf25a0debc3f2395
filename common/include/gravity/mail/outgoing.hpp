#pragma once

#include <gravity/auth/sealed.hpp>
#include <gravity/jobs/job.hpp>
#include <gravity/mail/settings.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

/// Mail that a transaction leaves to be sent: it goes if, and only if, that one commits.
///
///     service.settings<mail::Settings>("").job(mail::send_mail)
///     runtime.resources.put(std::make_shared<mail::Outgoing>(runtime.io, settings, runtime.resources.find<auth::MasterKeys>(), still_wanted));
///     outgoing.leave(tx, {address, subject, text, tx.now() + half_an_hour, person.to_string()});
namespace gravity::mail {

/// What one person is told, as plain text.
struct Letter {
    std::string to;
    std::string subject;
    std::string text;
    Timestamp until;   // from then on it is sent no more: what it tells has ended
    std::string about; // whom, by the service's own name for them, for `Wanted`; empty: nobody it knows
};

/// As it waits. What it says and whom to is sealed under MASTER_KEY: links and codes in it are as good as passwords.
struct SendMail {
    static constexpr JobKind job{"send-mail", 1'000}; // ten minutes apart at most, so days: `until` is what ends it
    std::string about;
    std::string sealed;
    Timestamp asked_at;
    Timestamp until;
};
BOOST_DESCRIBE_STRUCT(SendMail, (), (about, sealed, asked_at, until))

class Outgoing {
public:
    /// Whether whom a letter is about is still to have it; asked before each attempt, in a transaction of the project.
    using Wanted = std::function<bool(Tx& tx, const std::string& about)>;

    /// Off without SMTP_URL. Throws std::invalid_argument as `setup_of` does, and where there are no keys to seal with (MASTER_KEY).
    Outgoing(boost::asio::io_context& io, const Settings& settings, const auth::MasterKeys* keys, Wanted wanted);
    ~Outgoing();
    Outgoing(const Outgoing&) = delete;
    Outgoing& operator=(const Outgoing&) = delete;

    /// Any thread.
    bool on() const { return sender_ != nullptr; }
    /// Any thread. Nothing is left where it is off.
    void leave(Tx& tx, const Letter& letter) const;

    /// Why the last mail did not go, if it was not its own fault: for /health/ready. I/O thread.
    std::optional<std::string> trouble() const;

    /// What `send_mail` does. I/O thread.
    Task<void> send(JobCtx& job, SendMail what);

private:
    Mailbox from_;
    std::optional<auth::MasterKeys> keys_;
    std::unique_ptr<Sender> sender_; // null: off
    Wanted wanted_;
};

/// The job: tried again, with one and the same Message-ID, while the server is away, takes nothing or wants another login; given up, and logged, where it will
/// never take this mail, and when what the mail tells has ended. A mail whose answer got lost is sent again: told twice is better than not told. Counted by
/// `gravity_mails_total{outcome}`: sent, failed (of one attempt), refused, late, unwanted.
Task<void> send_mail(JobCtx& job, SendMail what);

} // namespace gravity::mail
