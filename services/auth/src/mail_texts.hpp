#pragma once

#include "links_model.hpp"
#include "regain_model.hpp"
#include "sign_up.hpp"

#include <gravity/mail/outgoing.hpp>

#include <string>

/// What people are told by mail, in words: one function for each event that asks for a mail. Pure.
namespace gravity::issuer {

/// What a mail says beside what the event does.
struct AskedFor {
    std::string site;    // the address of this service, as people know it
    std::string network; // where it was asked for; empty: not known
    Timestamp now;
};

mail::Letter letter_of(const RecoveryRequested& event, const AskedFor& asked);
mail::Letter letter_of(const RecoveryBegun& event, const AskedFor& asked);
mail::Letter letter_of(const RecoveryReady& event, const AskedFor& asked);
mail::Letter letter_of(const RecoveryCompleted& event, const AskedFor& asked);
mail::Letter letter_of(const ConfirmationRequested& event, const AskedFor& asked);
mail::Letter letter_of(const RegistrationRequested& event, const AskedFor& asked);
mail::Letter letter_of(const RegistrationRepeated& event, const AskedFor& asked);

} // namespace gravity::issuer
