#pragma once

#include <string_view>

namespace gravity::http {

/// The media type that the first bytes of a file speak for, whatever its sender says: the signatures of WHATWG MIME Sniffing (section 6) and a
/// few more formats that are uploaded; "text/plain" for UTF-8 text, else "application/octet-stream". 512 bytes are enough. Pure.
std::string_view sniff_type(std::string_view beginning);

} // namespace gravity::http
