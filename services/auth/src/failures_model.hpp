#pragma once

#include "identities_model.hpp"

#include <gravity/model.hpp>

#include <optional>
#include <string>
#include <vector>

/// Why somebody was refused: for operators. Who was refused is told nothing of it but the trace that it stands under.
namespace gravity::issuer {

using ClientId = Id<"client">;
using FailureId = Id<"auth-failure">;

/// 32 hexadecimal digits (W3C Trace Context section 3.2.2.3), as problem documents and pages tell it.
class TraceIdText : public TextValue<TraceIdText> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<TraceIdText>({.pattern = "^[0-9a-f]{32}$",
                                             .doc = "Id of a trace, as it was shown to who was refused",
                                             .example = "\"0af7651916cd43dd8448eb211c80319c\"",
                                             .min = 32,
                                             .max = 32});
    }
};

/// A check that failed.
struct FailedCheck {
    std::string failed;                   // "wrong_password", "invalid_grant"
    std::optional<std::string> detail;    // what of it; never what was sent
    std::optional<ClientId> client_id;    // at which
    std::optional<IdentityId> identity_id; // whose; absent: nobody's that is known
};
BOOST_DESCRIBE_STRUCT(FailedCheck, (), (failed, detail, client_id, identity_id))

struct AuthFailure : FailedCheck {
    Timestamp at;
    std::string endpoint; // "POST /oauth2/token"
    std::string network;  // of who was refused: "203.0.113.0/24"
};
BOOST_DESCRIBE_STRUCT(AuthFailure, (FailedCheck), (at, endpoint, network))

struct AuthFailures {
    TraceIdText trace_id;
    std::vector<AuthFailure> items; // oldest first
};
BOOST_DESCRIBE_STRUCT(AuthFailures, (), (trace_id, items))

/// As it is stored.
struct StoredFailure : AuthFailure {
    FailureId id;
    std::string trace_id;
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(StoredFailure, (AuthFailure), (id, trace_id, expires_at))

} // namespace gravity::issuer

template <>
struct gravity::meta::docs<gravity::issuer::AuthFailures> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"items", "The checks that failed in this trace, oldest first; 100 at most"},
    };
};
template <>
struct gravity::meta::docs<gravity::issuer::AuthFailure> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"failed", "The check"},
        {"detail", "What of it, in words"},
        {"identity_id", "Whose sign-in it would have been; absent for a name that nobody has"},
        {"network", "Of who was refused, as failures are counted"},
    };
};

GRAVITY_TABLES(issuer, FailureId, FailedCheck, AuthFailure, AuthFailures, StoredFailure)
