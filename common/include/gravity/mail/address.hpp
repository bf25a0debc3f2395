#pragma once

#include <gravity/base/parsed.hpp>

#include <string>
#include <string_view>

/// Where mail comes from and goes to, as values. Pure; any thread.
namespace gravity::mail {

/// An address of RFC 5321 section 4.1.2, but for quoted local parts and address literals, which are refused; of the lengths of its section 4.5.3.1.
struct Address {
    std::string local;  // as it was written: upper and lower case are the receiver's to tell apart. Beyond ASCII: only by servers with SMTPUTF8 (RFC 6531)
    std::string domain; // in lower case, an internationalised one by its A-labels (RFC 5890)

    static Parsed<Address> parse(std::string_view text);
    std::string text() const { return local + "@" + domain; }
    bool ascii() const;
};

/// An address and whose it is: "Ada Lovelace <ada@example.com>", or the address alone.
struct Mailbox {
    std::string name; // UTF-8 of one line; empty: none
    Address address;

    static Parsed<Mailbox> parse(std::string_view text);
};

} // namespace gravity::mail
