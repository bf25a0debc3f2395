#pragma once

#include "clients_model.hpp"

/// Token exchange (RFC 8693): who may exchange whose tokens, and what is told of each exchange.
namespace gravity::issuer {

using ExchangePolicyId = Id<"exchange-policy">;

struct NewExchangePolicy {
    ClientId client_id;
    ClientId subject_client_id;
    std::vector<ScopeName> scopes;
};
BOOST_DESCRIBE_STRUCT(NewExchangePolicy, (), (client_id, subject_client_id, scopes))
void check(const NewExchangePolicy& policy, meta::Errors& errors);

struct ExchangePolicy : NewExchangePolicy {
    ExchangePolicyId id;
    Version version;
    Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(ExchangePolicy, (NewExchangePolicy), (id, version, created_at))

struct ListExchangePolicies : PageQuery {
    std::optional<ClientId> client_id;
    std::optional<ClientId> subject_client_id;
};
BOOST_DESCRIBE_STRUCT(ListExchangePolicies, (PageQuery), (client_id, subject_client_id))

struct TokenExchanged {
    static constexpr Event event{"gravity.auth.token.exchanged"};
    std::string jti;                            // of the token that came of it
    std::optional<std::string> subject_jti;     // of the one it was made of; none for an API key, which `subject` names
    std::string subject;                        // whom both speak for
    ClientId client_id;                         // who exchanged it
    std::optional<ClientId> subject_client_id;  // whom that had been issued to
    std::vector<std::string> actors;            // who acts, the present one first
    std::vector<std::string> scopes;
    std::optional<std::string> key_thumbprint;  // of the key that the token is bound to
    std::optional<ExchangePolicyId> policy_id;  // what let it; none for a client's own token, and for an API key
};
BOOST_DESCRIBE_STRUCT(TokenExchanged, (), (jti, subject_jti, subject, client_id, subject_client_id, actors, scopes, key_thumbprint, policy_id))

} // namespace gravity::issuer

template <>
struct gravity::meta::docs<gravity::issuer::NewExchangePolicy> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"client_id", "Who may exchange"},
        {"subject_client_id", "Whose tokens: the client that they were issued to"},
        {"scopes", "What the result may say at most, of what the exchanged token says; nothing that who makes the policy may not"},
    };
};

GRAVITY_TABLES(issuer, ExchangePolicyId, NewExchangePolicy, ExchangePolicy, ListExchangePolicies, TokenExchanged)
