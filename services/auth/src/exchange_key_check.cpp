#include "exchange_key_check.hpp"

#include "issue.hpp"
#include "oauth.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/log/log.hpp>

namespace gravity::issuer {
namespace {

using std::chrono::steady_clock;

constexpr auto patience = std::chrono::seconds(5); // of a question, whoever waits for it

} // namespace

oauth::Refused KeyCheck::unavailable() {
    return oauth::Refused(oauth::temporarily_unavailable, "API keys cannot be checked at the moment").with_header("Retry-After", "1");
}

KeyCheck::KeyCheck(gravity::Client<ApiKeys>& keys, const Keyring& keyring, const Settings& settings) : keys_(keys), keyring_(keyring), settings_(settings) {}

Task<VerifiedApiKey> KeyCheck::ask(Ctx& ctx, const KnownClient& client, const std::string& key, const std::string& network) {
    if (key.size() > longest_key) co_return VerifiedApiKey{};
    const ProjectId project = client.project;
    Names names;
    names.everywhere = project.to_string() + sha256(key);
    names.here = names.everywhere + "@" + network; // also where nobody has said
    if (const VerifiedApiKey* const answer = known(names)) co_return *answer;
    VerifyApiKey question{key, {}};
    if (!network.empty()) question.network = network;
    std::function<Task<VerifiedApiKey>()> work = [this, names, project, question] { return ask_anew(names, project, question); };
    std::string flight = names.here;
    try {
        VerifiedApiKey answer = co_await flights_.run(std::move(flight), std::move(work), ctx.deadline());
        co_return answer;
    } catch (const std::runtime_error&) { // the request's own time is over; oauth::Refused is none of these
        throw unavailable();
    }
}

const VerifiedApiKey* KeyCheck::known(const Names& names) const {
    for (const std::string* const name : {&names.everywhere, &names.here}) {
        const auto found = remembered_.find(*name);
        if (found != remembered_.end() && steady_clock::now() < found->second.until) return &found->second.answer;
    }
    return nullptr;
}

Task<VerifiedApiKey> KeyCheck::ask_anew(Names names, ProjectId project, VerifyApiKey question) {
    std::string token = co_await own_token(project);
    CallFor origin;
    origin.deadline = steady_clock::now() + patience;
    origin.user_token = "Bearer " + token;
    const Reply<VerifiedApiKey> reply = co_await keys_.call(std::move(origin), ApiKeys::verify, std::move(question));
    if (!reply) {
        log::warn("API keys cannot be checked", {{"status", reply.status()}, {"reason", reply.why()}});
        throw unavailable();
    }
    const bool everywhere = reply->active && !reply->network; // of what is not good it is not told why
    remember(everywhere ? names.everywhere : names.here, *reply, steady_clock::now());
    co_return *reply;
}

/// What this service says of itself: signed by the key that it signs all tokens with, so no secret has to be shared.
Task<std::string> KeyCheck::own_token(ProjectId project) const {
    auth::Claims claims;
    claims.issuer = settings_.public_url.str();
    claims.audience = {settings_.token_audience.str()};
    claims.subject = "service:auth";
    claims.issued_at = now().unix_seconds();
    claims.expires_at = *claims.issued_at + 60;
    claims.id = Uuid::v4().to_string();
    claims.project = project;
    claims.scopes = {std::string(ApiKeys::neighbour.scope)};
    std::string token = co_await signed_token(keyring_, SigningAlgorithm::es256, std::move(claims));
    co_return token;
}

void KeyCheck::remember(const std::string& name, const VerifiedApiKey& answer, Moment now) {
    if (remembered_.size() >= most_remembered) std::erase_if(remembered_, [now](const auto& each) { return each.second.until <= now; });
    if (remembered_.size() >= most_remembered) remembered_.clear(); // ten thousand in a second: then each is asked for again
    remembered_.insert_or_assign(name, Remembered{answer, now + remembered_for});
}

} // namespace gravity::issuer
