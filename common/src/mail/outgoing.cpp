#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/log/log.hpp>
#include <gravity/mail/outgoing.hpp>
#include <gravity/metrics/metrics.hpp>

#include <stdexcept>

namespace gravity::mail {
namespace {

constexpr Problem mail_not_sent{422, "mail-not-sent", "The mail was not sent"};

/// What is sealed of a letter.
struct Sealed {
    std::string to, subject, text;
};
BOOST_DESCRIBE_STRUCT(Sealed, (), (to, subject, text))

// A letter of one project, about one person, is no other's.
std::string bound_to(ProjectId project, const std::string& about) { return "send-mail " + (project.is_set() ? project.to_string() : "-") + " " + about; }

void count(std::string_view outcome) {
    static auto& family = metrics::counter("gravity_mails_total", "Mails by what came of them", {"outcome"});
    family.with({outcome}).add();
}

// For good: the same will happen to it another time.
[[noreturn]] void give_up(const JobCtx& job, std::string_view outcome, const std::string& why) {
    count(outcome);
    log::warn("a mail was not sent", {{"job", job.id().to_string()}, {"reason", why}});
    throw Refusal(mail_not_sent, why);
}

Message message_of(const Mailbox& from, Sealed letter, const SendMail& what, JobId id) {
    Message message;
    message.from = from;
    message.to.address = Address::parse(letter.to).or_throw();
    message.subject = std::move(letter.subject);
    message.text = std::move(letter.text);
    message.id = id.to_string();
    message.date = what.asked_at;
    return message;
}

} // namespace

Outgoing::Outgoing(boost::asio::io_context& io, const Settings& settings, const auth::MasterKeys* keys, Wanted wanted) : wanted_(std::move(wanted)) {
    auto setup = setup_of(settings);
    if (!setup) return;
    if (keys == nullptr) throw std::invalid_argument("setting MASTER_KEY is required with SMTP_URL: mails wait sealed under it");
    keys_ = *keys;
    from_ = std::move(setup->from);
    sender_ = std::make_unique<Sender>(io, std::move(setup->sender));
}

Outgoing::~Outgoing() = default;

void Outgoing::leave(Tx& tx, const Letter& letter) const {
    if (!on()) return;
    SendMail what;
    what.about = letter.about;
    what.sealed = keys_->seal(json::encode(Sealed{letter.to, letter.subject, letter.text}), bound_to(tx.project(), letter.about));
    what.asked_at = tx.now();
    what.until = letter.until;
    tx.enqueue(what);
}

std::optional<std::string> Outgoing::trouble() const {
    if (!on() || sender_->trouble().empty()) return std::nullopt;
    return sender_->trouble();
}

Task<void> Outgoing::send(JobCtx& job, SendMail what) {
    if (!on()) give_up(job, "refused", "SMTP_URL is not set any more");
    if (now() >= what.until) give_up(job, "late", "What it tells has ended");
    const auto opened = keys_->open(what.sealed, bound_to(job.project(), what.about));
    if (!opened) give_up(job, "refused", "It cannot be opened: " + opened.why());
    if (wanted_) {
        const Wanted ask = wanted_;
        const bool wanted = co_await job.transaction(ask, what.about);
        if (!wanted) {
            count("unwanted");
            co_return;
        }
    }
    std::optional<SendError> failed;
    std::string malformed;
    try {
        Message message = message_of(from_, json::decode<Sealed>(opened->reveal()).or_throw(), what, job.id());
        co_await sender_->send(std::move(message));
    } catch (const SendError& error) {
        failed = error;
    } catch (const std::invalid_argument& error) {
        malformed = error.what();
    }
    if (!malformed.empty()) give_up(job, "refused", malformed);
    if (failed && failed->trouble() == Trouble::lasting) give_up(job, "refused", failed->what());
    count(failed ? "failed" : "sent");
    if (failed) throw *failed;
}

Task<void> send_mail(JobCtx& job, SendMail what) {
    Task<void> sending = job.get<Outgoing>().send(job, std::move(what));
    co_await std::move(sending);
}

} // namespace gravity::mail
