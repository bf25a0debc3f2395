#include <gravity/http/actor.hpp>
#include <gravity/http/origin.hpp>
#include <gravity/http/resources.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace gravity::http {
namespace {

std::string origin(const TrustedProxies& proxies, const std::string& peer, const std::vector<std::string>& forwarded) {
    Request request;
    request.peer_address = peer;
    for (const auto& each : forwarded) request.headers.add("X-Forwarded-For", each);
    const auto from = proxies.origin(request);
    return from ? from->str() : "nowhere";
}

TEST(TrustedProxies, AreBelievedWhomTheyForwardFor) {
    const TrustedProxies proxies("10.0.0.0/9, ::1", "TRUSTED");
    EXPECT_EQ(origin(proxies, "192.0.2.1", {"203.0.113.7"}), "192.0.2.1") << "who is no proxy of ours says what they like";
    EXPECT_EQ(origin(proxies, "10.128.0.1", {"203.0.113.7"}), "10.128.0.1");
    EXPECT_EQ(origin(proxies, "10.0.0.1", {"203.0.113.7"}), "203.0.113.7");
    EXPECT_EQ(origin(proxies, "::ffff:10.0.0.1", {"198.51.100.1, 203.0.113.7 , 10.9.9.9"}), "203.0.113.7") << "from the right, to the first that is none";
    EXPECT_EQ(origin(proxies, "::1", {"198.51.100.1", "2001:DB8::7"}), "2001:db8::7") << "several fields are one list";
    EXPECT_EQ(origin(proxies, "10.0.0.1", {"unknown"}), "10.0.0.1");
    EXPECT_EQ(origin(proxies, "10.0.0.1", {"203.0.113.7, unknown"}), "10.0.0.1") << "what stands before it may be anybody's";
    EXPECT_EQ(origin(proxies, "10.0.0.1", {"203.0.113.0/24"}), "10.0.0.1") << "a network is no address";
    EXPECT_EQ(origin(proxies, "10.0.0.1", {"10.0.0.2"}), "10.0.0.2") << "proxies all the way";
    EXPECT_EQ(origin(proxies, "10.0.0.1", {"203.0.113.7,"}), "10.0.0.1");
    EXPECT_EQ(origin(proxies, "10.0.0.1", {}), "10.0.0.1");
    EXPECT_EQ(origin(proxies, "unix", {"203.0.113.7"}), "nowhere");
    EXPECT_EQ(origin(proxies, "", {}), "nowhere");
    EXPECT_EQ(origin(TrustedProxies(), "10.0.0.1", {"203.0.113.7"}), "10.0.0.1");
}

TEST(TrustedProxies, AreNetworks) {
    EXPECT_NO_THROW(TrustedProxies(" , ", "TRUSTED"));
    for (const std::string bad : {"10.0.0.0/33", "10.0.0.0/", "gateway", "10.0.0.1/8", "::1 ::2"})
        EXPECT_THROW(TrustedProxies(bad, "TRUSTED"), std::invalid_argument) << bad;
    try {
        const TrustedProxies proxies("10.0.0.1/8", "AUTH_TRUSTED_PROXIES");
        ADD_FAILURE();
    } catch (const std::invalid_argument& error) {
        EXPECT_STREQ(error.what(), "setting AUTH_TRUSTED_PROXIES: 10.0.0.1/8 must have no bits behind its prefix");
    }
}

TEST(Actor, IsWhoCallsAndFromWhere) {
    Request request;
    request.peer_address = "10.0.0.1";
    request.headers.add("X-Forwarded-For", "203.0.113.7");
    Caller caller;
    caller.subject = "ada";
    caller.actor = "support";
    Resources resources;
    resources.put(std::make_shared<TrustedProxies>("10.0.0.0/8", "TRUSTED"));
    Input in(request, {}, &caller, &resources);
    const Actor ada = Extractor<Actor>::read(in);
    EXPECT_EQ(ada.subject + " " + ada.actor + " " + ada.address, "ada support 203.0.113.7");
    EXPECT_EQ(nobody(request, TrustedProxies()).address, "10.0.0.1");
    EXPECT_EQ(nobody(Request{}, TrustedProxies()).address, "");

    Input without_caller(request, {}, nullptr, &resources);
    EXPECT_THROW(Extractor<Actor>::read(without_caller), Refusal);
    Input without_proxies(request, {}, &caller);
    EXPECT_THROW(Extractor<Actor>::read(without_proxies), std::logic_error);
}

} // namespace
} // namespace gravity::http
