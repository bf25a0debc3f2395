#include "password_hash.hpp"

#include "argon2.hpp"
#include "bcrypt.hpp"
#include "pbkdf2.hpp"
#include "unicode.hpp"

#include <stdexcept>

namespace gravity::issuer {
namespace {

// What checking a foreign hash may cost: 128 MiB, and a gibibyte of memory gone through, about a second.
bool affordable(const argon2::Parameters& p) {
    return p.kibibytes >= 8 * p.lanes && p.kibibytes <= 128 * 1024 && p.passes <= 64 && p.kibibytes * p.passes <= 1024 * 1024 && p.lanes <= 8 &&
           p.salt_bytes >= 8 && p.salt_bytes <= 48 && p.hash_bytes >= 16 && p.hash_bytes <= 64;
}

bool matches(const std::string& hash, const std::string& password) {
    if (hash.starts_with("$argon2")) return argon2::verify(hash, password);
    if (hash.starts_with("$2")) return bcrypt::verify(hash, password);
    const auto parsed = pbkdf2::parse(hash);
    if (!parsed) throw std::runtime_error("a stored password hash is of no kind that is known");
    return pbkdf2::verify(*parsed, password);
}

} // namespace

std::string hash_password(Secret<> password) {
    const Secret<> normal(unicode::nfkc(password.reveal()));
    return argon2::hash(normal.reveal());
}

std::string import_fault(std::string_view hash) {
    if (hash.starts_with("$argon2")) {
        const auto parameters = argon2::parameters_of(hash);
        if (!parameters) return "must be a PHC string of Argon2id or Argon2i";
        return affordable(*parameters) ? "" : "has parameters of Argon2 that are out of bounds";
    }
    if (hash.starts_with("$2")) return bcrypt::is_hash(hash) ? "" : "must be a bcrypt hash of a cost from 4 to 14";
    if (hash.starts_with("$pbkdf2-") || hash.starts_with("pbkdf2_"))
        return pbkdf2::parse(hash) ? "" : "must be PBKDF2 with SHA-256 or SHA-512 of at most 2,000,000 iterations";
    return "must be a hash of bcrypt, PBKDF2 or Argon2";
}

// Where it was made nobody may have normalised it, so a text that normalising changes is tried as it came too.
PasswordVerdict verify_password(std::string hash, Secret<> password) {
    static const std::string nothing = argon2::hash_of_nothing();
    const std::string& against = hash.empty() ? nothing : hash;
    const Secret<> normal(unicode::nfkc(password.reveal()));
    PasswordVerdict verdict;
    verdict.matches = matches(against, normal.reveal()) || (normal.reveal() != password.reveal() && matches(against, password.reveal()));
    if (hash.empty()) return {};
    if (verdict.matches && !argon2::is_present_kind(against)) verdict.better = argon2::hash(normal.reveal());
    return verdict;
}

} // namespace gravity::issuer
