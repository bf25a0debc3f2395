#pragma once

#include <optional>
#include <string>
#include <string_view>

/// QR codes (ISO/IEC 18004) for pages: pictures that a telephone reads. Pure.
namespace gravity::issuer {

/// An element `svg` of HTML, with attributes alone, so that no policy has to allow it anything: black on white whatever the page's colours are, with the quiet
/// zone of four modules around it (section 6.3.8), and `label` for who has it read to them. A sixth of it may be unreadable (level M). Nothing for what is
/// longer than a code can hold (2331 bytes).
std::optional<std::string> qr_code(std::string_view text, std::string_view label);

} // namespace gravity::issuer
