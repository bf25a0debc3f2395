#include <gravity/auth/result.hpp>

namespace gravity::auth {

std::string_view to_string(VerifyError error) {
    switch (error) {
    case VerifyError::malformed: return "malformed";
    case VerifyError::too_large: return "too_large";
    case VerifyError::unsupported: return "unsupported";
    case VerifyError::wrong_type: return "wrong_type";
    case VerifyError::wrong_algorithm: return "wrong_algorithm";
    case VerifyError::no_keys: return "no_keys";
    case VerifyError::unknown_key: return "unknown_key";
    case VerifyError::bad_signature: return "bad_signature";
    case VerifyError::missing_claim: return "missing_claim";
    case VerifyError::wrong_issuer: return "wrong_issuer";
    case VerifyError::wrong_audience: return "wrong_audience";
    case VerifyError::expired: return "expired";
    case VerifyError::not_yet_valid: return "not_yet_valid";
    }
    return "unknown";
}

} // namespace gravity::auth
