#pragma once

#include <gravity/base/time.hpp>
#include <gravity/base/uuid.hpp>
#include <gravity/json/codec.hpp>
#include <gravity/pg/tx.hpp>

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

/// Consuming what other services announce. The consumer describes the fields it reads in a struct of its own and handles it in a transaction:
///
///     struct StockDepleted { static constexpr Event event{"gravity.inventory.stock.depleted"}; ProductId product; };
///     void hide(Tx& tx, const Received<StockDepleted>& e) { tx.exec(hide_product, e.data.product); }
///     Service{...}.consume(hide)
///
/// Delivery is at least once, effect exactly once: the event's id is noted in the transaction of the effect. Events of one subject are handled
/// in the order they were published, others side by side. A handler that throws is called again with back-off while later events of that
/// subject wait; after the last attempt the event goes to the dead letters and the subject goes on.
namespace gravity {

/// The attributes of an event (CloudEvents 1.0 and ours) that a consumer sees.
struct Envelope {
    std::string id;
    std::string source;
    std::string type;
    std::string subject;
    Timestamp time;
    ProjectId project;
    std::int64_t sequence = 0; // of its producer, gapless within an epoch
    std::string epoch;
    std::string traceparent; // may be empty
    int attempt = 1;
};

template <class E>
struct Received : Envelope {
    E data;
};

namespace events {

/// An event that no attempt can make right.
struct Undecodable : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A handler as the consumers know it.
struct Handler {
    std::string type;
    std::function<void(Tx&, const Envelope&, const Json& data)> run;
};

template <class E>
Handler handler(void (*work)(Tx&, const Received<E>&)) {
    return {std::string(E::event.type), [work](Tx& tx, const Envelope& envelope, const Json& data) {
                Received<E> received;
                static_cast<Envelope&>(received) = envelope;
                meta::Errors errors;
                json::decode(data, meta::mutable_ref(received.data), errors, json::Unknown::ignore); // a producer may say more than we read
                if (!errors.empty()) throw Undecodable(errors.to_string());
                work(tx, received);
            }};
}

} // namespace events
} // namespace gravity
