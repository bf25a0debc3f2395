#pragma once

#include <gravity/http/message.hpp>

#include <string_view>

namespace gravity::http {

/// A page cannot send Authorization with a WebSocket; it names its token among the subprotocols: `new WebSocket(url, ["chat.v1", "bearer", token])`.
inline constexpr std::string_view bearer_protocol = "bearer";

/// The token in a Sec-WebSocket-Protocol field: what follows "bearer". Empty if there is none.
std::string_view token_of_protocols(std::string_view field);

/// Moves such a token to where every other client has it, unless that field is there too. The word itself stays: a browser wants one of its
/// subprotocols answered, and the token must not be.
void take_token_from_protocols(Headers& headers);

} // namespace gravity::http
