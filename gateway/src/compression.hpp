#pragma once

#include "head.hpp"

#include <gravity/http/coding_stream.hpp>

#include <array>
#include <string>
#include <string_view>

namespace gravity::gateway {

/// What becomes of an answer of a route that compresses. Pure.
struct CompressionPlan {
    http::Coding coding = http::Coding::identity; // what it is sent with
    bool varies = false;                          // another client may get it otherwise: Vary has to say so, and does not yet
};

/// The coding that a client wants of those there are.
http::Coding wanted_coding(std::string_view bytes, const RequestHead& head);

/// Left as it is: what is short, no text, coded already, a part (206), marked `no-transform`, digested by a field, or sets a cookie (with a secret in it and
/// something of the request beside it, its length would give the secret away: BREACH).
CompressionPlan plan_compression(http::Coding wanted, http::Method method, std::string_view bytes, const ResponseHead& head);

/// A field of the answer as it goes out compressed; empty: it does not.
std::string coded_field(std::string_view name, std::string_view value);

/// The whole head of an answer that is kept, as the plan has it.
std::string planned_head(std::string_view head, const CompressionPlan& plan);

/// An answer that is being compressed.
struct Compressing {
    explicit Compressing(http::Coding coding) : stream(coding) {}
    http::CodingStream stream;
    bool chunked = false;
    std::array<char, 20> size_line{};
};

} // namespace gravity::gateway
