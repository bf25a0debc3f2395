#include "sign_ins.hpp"

#include "people.hpp"
#include "sign_ins_store.hpp"
#include "users_store.hpp"

namespace gravity::user {
namespace {

Caller auth_itself(const Tx& tx) {
    Caller caller;
    caller.subject = "service:auth";
    caller.project = tx.project();
    return caller;
}

} // namespace

void make_stub(Tx& tx, const Received<IdentityCreated>& event) {
    const auto subject = Subject::parse(event.data.id);
    const auto handle = Handle::parse(event.data.id);
    if (!subject || !handle) throw events::Undecodable("an identity has no id that tokens could have");
    if (tx.maybe(id_of_subject, subject->str())) return; // an operator or a directory was quicker
    NewUser wanted;
    wanted.handle = *handle;
    wanted.subject = *subject;
    const User made = make_user(tx, auth_itself(tx), wanted);
    tx.exec(mark_stub, made.id);
}

void note_sign_in(Tx& tx, const Received<LoginSucceeded>& event) {
    if (const auto id = tx.maybe(id_of_subject, event.data.identity_id)) tx.exec(see_user, *id, event.time);
}

} // namespace gravity::user
