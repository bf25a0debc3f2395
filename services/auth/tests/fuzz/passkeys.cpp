// What a browser and an authenticator say of a passkey, which anybody may send: CBOR, authenticator data, keys, and the JSON around them. Refused with one
// line, or read as what it is: nothing beyond the limits, nothing left over, and nothing that holds without a signature.
#include "authenticator_data.hpp"
#include "cbor.hpp"
#include "cose.hpp"
#include "webauthn.hpp"

#include <gravity/base/encoding.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

using namespace gravity;
using namespace gravity::issuer;

namespace {

std::size_t depth_of(const cbor::Value& value) {
    std::size_t deepest = 0;
    if (value.array() != nullptr)
        for (const cbor::Value& one : *value.array()) deepest = std::max(deepest, depth_of(one));
    if (value.map() != nullptr)
        for (const auto& [key, one] : *value.map()) deepest = std::max(deepest, depth_of(one));
    return value.array() != nullptr || value.map() != nullptr ? deepest + 1 : 0;
}

void items(std::string_view bytes) {
    std::string_view rest = bytes;
    const auto value = cbor::take(rest);
    if (!value) {
        if (value.why().empty()) std::abort();
        return;
    }
    if (rest.size() >= bytes.size() || depth_of(*value) > cbor::max_depth) std::abort();
    const auto again = cbor::read(bytes.substr(0, bytes.size() - rest.size())); // what was taken is one item, whatever came behind it
    if (!again || *again != *value) std::abort();
}

void data(std::string_view bytes) {
    const auto read = read_authenticator_data(bytes);
    if (!read) return;
    if (read->rp_id_hash.size() != 32 || (read->backed_up && !read->backup_eligible)) std::abort();
    if (read->credential && (read->credential->id.empty() || read->credential->id.size() > max_passkey_id_bytes || !cbor::read(read->credential->public_key)))
        std::abort();
    if (bytes.size() > max_authenticator_data_bytes || read_authenticator_data(std::string(bytes) + '\0')) std::abort();
}

void keys(std::string_view bytes) {
    const auto key = cose::public_key(bytes);
    if (key) cose::verify(*key, "what nobody signed", bytes);
}

void responses(std::string_view text) {
    const webauthn::RelyingParty party{"example.org", {"https://example.org"}};
    if (const auto registration = webauthn::read_registration(text)) {
        const auto made = webauthn::verify_registration(party, *registration);
        if (made && (made->id != registration->id || !cose::public_key(made->public_key))) std::abort();
    }
    if (const auto assertion = webauthn::read_assertion(text)) {
        const std::string ed25519 = hex_decode("a40101032720062158205b4ad4b7b9bd9a1d1e5b1f6e2c5f5dd5c6b0ad3f4b6b1d1f3b5a7c9d0e1f2a3b").value();
        if (webauthn::verify_assertion(party, *assertion, ed25519)) std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    items(text);
    data(text);
    keys(text);
    responses(text);
    return 0;
}
