#include "cipher_api.hpp"

#include "audit.hpp"
#include "cipher.hpp"
#include "problems.hpp"
#include "spring_cipher.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/base/utf8.hpp>
#include <gravity/log/log.hpp>

namespace gravity::config::ciphers {
namespace {

constexpr std::string_view plain_text = "text/plain; charset=utf-8";
constexpr std::string_view form_type = "application/x-www-form-urlencoded";

Web as_text(std::string text) { return {std::string(plain_text), std::move(text)}; }

void note_decrypted(Tx& tx, Actor by, std::string cipher) {
    record(tx, by, {.action = "cipher.decrypted", .target = "", .details = Json::object({{"sha256", hex_encode(sha256(cipher))}})});
}

/// What a key pair made is base64, whose "+" and "=" a form would take for something else though nobody has encoded them.
std::string cipher_of_body(const RawBody& body) {
    const std::string_view bytes = ascii::trim(body.bytes);
    if (is_spring_pair_cipher(is_cipher(bytes) ? bytes.substr(cipher_prefix.size()) : bytes)) return std::string(bytes);
    return std::string(ascii::trim(text_of_body(body)));
}

std::optional<Secret<>> open_spring_cipher(Tx& tx, const Vault* vault, const std::string& cipher) { return spring_decrypted(tx, *vault, cipher); }

} // namespace

std::string text_of_body(const RawBody& body) {
    std::string_view text = body.bytes;
    if (!ascii::iequals(ascii::trim(std::string_view(body.content_type).substr(0, body.content_type.find(';'))), form_type)) return body.bytes;
    if (text.ends_with('=')) text.remove_suffix(1);
    return http::percent_decode(text, true).value_or(std::string(text));
}

Task<Web> encrypt(Ctx&, Caller caller, RawBody body, Given<Vault> vault) {
    const std::string text = text_of_body(body);
    if (text.size() > longest_cipher_text) throw Refusal(value_too_large, "A text has at most " + std::to_string(longest_cipher_text) + " bytes");
    if (!utf8::valid(text)) throw Refusal(problems::malformed, "The text is not UTF-8");
    co_return as_text(encrypted(*vault, caller.project, text));
}

Task<Web> decrypt(Ctx& ctx, Actor by, RawBody body, Given<Vault> vault) {
    const std::string cipher = cipher_of_body(body);
    std::optional<Secret<>> text = decrypted(*vault, by.project, cipher);
    if (!text) {
        const Vault* keys = vault.value;
        std::optional<Secret<>> springs = co_await ctx.transaction(open_spring_cipher, keys, cipher);
        text = std::move(springs);
    }
    if (!text) throw Refusal(not_a_cipher);
    co_await ctx.transaction(note_decrypted, by, cipher);
    log::info("cipher decrypted", {{"by", by.subject}});
    co_return as_text(text->reveal());
}

Task<Web> encrypt_for(Ctx& ctx, Caller caller, Path<"application", Text<1, 1000>>, Path<"profiles", Text<1, 1000>>, RawBody body, Given<Vault> vault) {
    return encrypt(ctx, std::move(caller), std::move(body), vault);
}

Task<Web> decrypt_for(Ctx& ctx, Actor by, Path<"application", Text<1, 1000>>, Path<"profiles", Text<1, 1000>>, RawBody body, Given<Vault> vault) {
    return decrypt(ctx, std::move(by), std::move(body), vault);
}

Task<Web> status(Ctx&, Caller, Given<Vault> vault) {
    if (!vault->has_key()) throw Refusal(secrets_unavailable);
    co_return Web{"application/json", R"({"status":"OK"})"};
}

} // namespace gravity::config::ciphers
