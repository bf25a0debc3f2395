#pragma once

#include <gravity/json/codec.hpp>
#include <gravity/testkit/service.hpp>

#include <string>
#include <vector>

namespace gravity::testkit {

/// What a service announces, by the structs it announces: `events.take<ProductPublished>()`.
class Events {
public:
    explicit Events(RunningService& service) : service_(service) {}

    /// Those of one type since the last time, in order; others stay for later. Fails the test if one does not decode as E, or has members that
    /// E does not know.
    template <class E>
    std::vector<E> take() {
        std::vector<E> taken;
        for (const EmittedEvent& event : take_of(E::event.type)) {
            E value{};
            if (decode(event, meta::mutable_ref(value))) taken.push_back(std::move(value));
        }
        return taken;
    }
    /// The types of all that nobody has taken, in order, without "gravity.<service>.": "product.created product.published".
    std::string pending();
    void forget();

private:
    std::vector<EmittedEvent> take_of(std::string_view type);
    static bool decode(const EmittedEvent& event, meta::MutableRef out);

    RunningService& service_;
    std::vector<EmittedEvent> pending_;
};

} // namespace gravity::testkit
