#include "authenticator_data.hpp"

#include "cbor.hpp"

namespace gravity::issuer {
namespace {

constexpr std::size_t hash_bytes = 32, counter_bytes = 4, model_bytes = 16, length_bytes = 2;

// Bits of the flags; the others are reserved and say nothing.
constexpr unsigned flag_present = 0x01, flag_verified = 0x04, flag_eligible = 0x08, flag_backed_up = 0x10, flag_credential = 0x40, flag_extensions = 0x80;

/// Takes pieces off the front. Whoever takes more than there is gets "" and sees that it is not whole.
class Octets {
public:
    explicit Octets(std::string_view rest) : rest_(rest) {}
    std::string_view take(std::size_t count) {
        whole_ = whole_ && count <= rest_.size();
        if (!whole_) return {};
        const std::string_view piece = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return piece;
    }
    // Big-endian (section 6.1).
    std::uint32_t number(std::size_t count) {
        std::uint32_t value = 0;
        for (const char byte : take(count)) value = value << 8 | static_cast<unsigned char>(byte);
        return value;
    }
    // One item of CBOR, as it came.
    Parsed<std::string_view> item(bool map) {
        std::string_view behind = rest_;
        const auto value = cbor::take(behind);
        if (!value) return ParseError{value.why()};
        if (map && value->map() == nullptr) return ParseError{"is no map"};
        return take(rest_.size() - behind.size());
    }
    bool whole() const { return whole_; }
    bool empty() const { return rest_.empty(); }

private:
    std::string_view rest_;
    bool whole_ = true;
};

Parsed<AuthenticatorData::NewCredential> new_credential(Octets& octets) {
    octets.take(model_bytes); // the model of the authenticator (AAGUID): its word alone, since attestation is not asked for
    AuthenticatorData::NewCredential made;
    const std::uint32_t size = octets.number(length_bytes);
    made.id = octets.take(size);
    if (!octets.whole() || made.id.empty() || made.id.size() > max_passkey_id_bytes) return ParseError{"has no id of 1 to 1023 bytes"};
    const auto key = octets.item(true);
    if (!key) return ParseError{"the key " + key.why()};
    made.public_key = *key;
    return made;
}

} // namespace

Parsed<AuthenticatorData> read_authenticator_data(std::string_view bytes) {
    if (bytes.size() > max_authenticator_data_bytes) return ParseError{"is too long"};
    Octets octets(bytes);
    AuthenticatorData data;
    data.rp_id_hash = octets.take(hash_bytes);
    const unsigned flags = octets.number(1);
    data.sign_count = octets.number(counter_bytes);
    if (!octets.whole()) return ParseError{"is not whole"};
    data.user_present = (flags & flag_present) != 0;
    data.user_verified = (flags & flag_verified) != 0;
    data.backup_eligible = (flags & flag_eligible) != 0;
    data.backed_up = (flags & flag_backed_up) != 0;
    if (data.backed_up && !data.backup_eligible) return ParseError{"is a copy of what may not be copied"};
    if ((flags & flag_credential) != 0) {
        auto made = new_credential(octets);
        if (!made) return ParseError{made.why()};
        data.credential = *std::move(made);
    }
    if ((flags & flag_extensions) != 0) {
        const auto extensions = octets.item(true); // none is asked for; what an authenticator adds by itself is not looked at
        if (!extensions) return ParseError{"the extension " + extensions.why()};
    }
    if (!octets.empty()) return ParseError{"has something behind it"};
    return data;
}

} // namespace gravity::issuer
