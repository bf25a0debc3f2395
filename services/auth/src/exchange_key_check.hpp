#pragma once

#include "client_login.hpp"
#include "exchange_key_model.hpp"
#include "keyring.hpp"

#include <gravity/resilience/single_flight.hpp>

#include <unordered_map>

namespace gravity::issuer {

/// Asks `project` what an API key opens, in the name of the project of the client that shows it: whether that one may know is decided there. An answer counts
/// for a second, so that a key that is revoked is dead here a second later at most, events or not; however many ask at once, one question goes out. Keys are
/// remembered by their SHA-256; of what is not good from everywhere an answer counts for the place that was told alone. I/O thread only; what it is made of
/// outlives it.
class KeyCheck {
public:
    static constexpr std::chrono::milliseconds remembered_for{1'000};
    static constexpr std::size_t most_remembered = 10'000;
    static constexpr std::size_t longest_key = 500; // that the other side looks at

    KeyCheck(gravity::Client<ApiKeys>& keys, const Keyring& keyring, const Settings& settings);

    /// `network`: the address that the key was shown from, empty where nobody has said. Throws `unavailable` where there is no answer to be had.
    Task<VerifiedApiKey> ask(Ctx& ctx, const KnownClient& client, const std::string& key, const std::string& network);
    /// 503, to be tried again.
    static oauth::Refused unavailable();

private:
    using Moment = std::chrono::steady_clock::time_point;
    struct Remembered {
        VerifiedApiKey answer;
        Moment until;
    };
    /// Where an answer is remembered: what is so wherever the key is shown, and what is so in the place that was told.
    struct Names {
        std::string everywhere, here;
    };
    const VerifiedApiKey* known(const Names& names) const; // null: it is to be asked
    Task<VerifiedApiKey> ask_anew(Names names, ProjectId project, VerifyApiKey question);
    Task<std::string> own_token(ProjectId project) const;
    void remember(const std::string& name, const VerifiedApiKey& answer, Moment now);

    gravity::Client<ApiKeys>& keys_;
    const Keyring& keyring_;
    const Settings& settings_;
    std::unordered_map<std::string, Remembered> remembered_; // by who asks and what for, and where it was shown
    resilience::SingleFlight<std::string, VerifiedApiKey> flights_;
};

} // namespace gravity::issuer
