#include "trusted_devices.hpp"

#include "config.hpp"
#include "cookies.hpp"
#include "opaque.hpp"
#include "reads.hpp"
#include "trusted_devices_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/auth/sealed.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/crypto.hpp>

namespace gravity::issuer {
namespace {

constexpr std::string_view device_prefix = "gtd_";
constexpr std::size_t device_random_bytes = 16;
constexpr std::size_t device_digits = 43; // base64url of these and as many that show that they are ours
constexpr int most_devices = 20; // of one identity

auth::Authenticator authenticator_of_devices(const Ctx& ctx) { return ctx.get<auth::MasterKeys>().authenticator("trusted device"); }

Secret<> fresh_device(const Ctx& ctx) {
    std::string bytes = random_bytes(device_random_bytes);
    Secret<> text(std::string(device_prefix) + authenticator_of_devices(ctx).sign(bytes));
    wipe(bytes);
    return text;
}

// One that somebody made up costs a hash: no look-up, and no turn of those that are kept for browsers that are trusted (password_pool.hpp).
std::optional<std::string> device_cookie(const Ctx& ctx) {
    auto cookie = cookies::read(ctx.request(), ctx.get<Settings>(), cookies::device);
    if (!cookie || !cookie->starts_with(device_prefix) || cookie->size() != device_prefix.size() + device_digits) return std::nullopt;
    if (!authenticator_of_devices(ctx).verify(std::string_view(*cookie).substr(device_prefix.size()))) return std::nullopt;
    return cookie;
}

} // namespace

std::optional<Bytes> device_of(const Ctx& ctx) {
    const auto cookie = device_cookie(ctx);
    if (!cookie) return std::nullopt;
    return opaque_hash(*cookie);
}

Task<std::optional<TrustedDevice>> trusted_device(Ctx& ctx, pg::Scope scope, std::optional<Bytes> shown, FindDevice find) {
    std::optional<TrustedDevice> device;
    if (!shown) co_return device;
    std::function<void(Tx&)> work = [&](Tx& tx) { device = find(tx, *shown); };
    co_await ctx.get<Reads>().run(ctx, std::move(scope), std::move(work));
    co_return device;
}

Task<std::optional<TrustedDeviceId>> trusted_for_anybody(Ctx& ctx, pg::Scope scope, std::optional<Bytes> shown) {
    std::optional<TrustedDeviceId> device;
    if (!shown) co_return device;
    std::function<void(Tx&)> work = [&](Tx& tx) { device = tx.maybe(device_for_anybody, *shown, now()); };
    co_await ctx.get<Reads>().run(ctx, std::move(scope), std::move(work));
    co_return device;
}

// The secret is another at each sign-in: nobody plants one that they know, and a copy is good until its owner signs in again.
std::optional<DeviceToTrust> device_to_trust(const Ctx& ctx, IdentityId identity) {
    const Settings& settings = ctx.get<Settings>();
    if (settings.trusted_device_days.value() == 0) return std::nullopt;
    const Duration life = Duration::days(settings.trusted_device_days);
    const Secret<> secret = fresh_device(ctx);
    DeviceToTrust wanted;
    wanted.before = device_of(ctx);
    wanted.device.id = TrustedDeviceId(Uuid::v7());
    wanted.device.identity_id = identity;
    wanted.device.created_at = wanted.device.last_used_at = now();
    wanted.device.expires_at = wanted.device.created_at + life;
    wanted.hash = opaque_hash(secret.reveal());
    wanted.cookie = cookies::set(settings, cookies::device, secret.reveal(), life);
    return wanted;
}

void trust(Tx& tx, const DeviceToTrust& wanted) {
    if (wanted.before) tx.exec(rename_device, *wanted.before, wanted.hash);
    tx.exec(trust_device, wanted.device, wanted.hash);
    tx.exec(untrust_older_devices, wanted.device.identity_id, most_devices);
}

} // namespace gravity::issuer
