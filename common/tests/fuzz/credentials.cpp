// What a stranger may send to be let in: tokens, their claims, access keys, token endpoints' answers; and list cursors.
#include "pg/tx_state.hpp"

#include <gravity/auth/access_key.hpp>
#include <gravity/auth/claims.hpp>
#include <gravity/auth/jws.hpp>
#include <gravity/auth/token_source.hpp>
#include <gravity/base/encoding.hpp>

#include <cstdlib>

using namespace gravity;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto jws = auth::parse_jws(bytes);
    if (jws) {
        const auto begin = reinterpret_cast<const char*>(data);
        if (jws->signing_input.data() < begin || jws->signing_input.data() + jws->signing_input.size() > begin + size) std::abort();
        if (jws->payload.data() < begin || jws->payload.data() + jws->payload.size() > begin + size) std::abort();
    }
    if (const auto payload = Json::parse(bytes)) {
        const auto claims = auth::claims_from(*payload);
        if (claims) { // what is written by us is read by us
            const auto again = auth::claims_from(Json::parse(auth::to_json(*claims)).or_throw());
            if (!again) std::abort();
        }
    }
    if (const auto key = auth::AccessKey::parse(bytes); key && key->text().reveal() != bytes) std::abort();
    auth::parse_token_answer(bytes);

    const std::string secret(32, 'k');
    for (const std::size_t count : {1u, 2u}) {
        try {
            const auto values = pg::read_cursor(secret, "list", bytes, count);
            if (pg::make_cursor(secret, "list", values) != bytes) std::abort(); // only what we made is taken
        } catch (const Refusal&) {
            // What it is meant to do with anything else.
        }
    }
    const auto made = pg::make_cursor(secret, "list", {std::string(bytes), "x"});
    if (pg::read_cursor(secret, "list", made, 2).front() != bytes) std::abort();
    return 0;
}
