#pragma once

#include "config.hpp"
#include "mail_texts.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

/// Links and codes on their way to people: sent from here (SMTP_URL), announced whole for whoever sends mail (AUTH_LINKS_IN_EVENTS), or both. With neither
/// none are made, and what needs them is not offered.
namespace gravity::issuer {

class Mails {
public:
    Mails(const Settings& settings, std::shared_ptr<const mail::Outgoing> outgoing);

    /// Any thread, as all of this.
    bool offered() const { return announced_ || outgoing_->on(); }

    /// One event that asks for a mail; its words are in mail_texts.cpp. `subject`: of the event. `network`: where it was asked for.
    template <class E>
    void send(Tx& tx, const E& event, std::string subject, std::string_view network) const {
        if (outgoing_->on()) outgoing_->leave(tx, letter_of(event, {site_, std::string(network), tx.now()}));
        announce(tx, event, std::move(subject));
    }
    /// The same for whom no mail reaches.
    template <class E>
    void announce(Tx& tx, const E& event, std::string subject) const {
        if (announced_) tx.emit(event, std::move(subject));
    }

private:
    std::string site_;
    bool announced_;
    std::shared_ptr<const mail::Outgoing> outgoing_;
};

/// Whether a mail is wanted still: for mail::Outgoing. Whom it is about may sign in, and what it announces has not been stopped; nobody's always is.
bool may_have_mail(Tx& tx, const std::string& about);

} // namespace gravity::issuer
