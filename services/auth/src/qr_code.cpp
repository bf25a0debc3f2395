#include "qr_code.hpp"

#include <gravity/base/html.hpp>

#include <cerrno>
#include <memory>
#include <new>
#include <qrencode.h>

namespace gravity::issuer {
namespace {

constexpr int quiet_modules = 4, module_pixels = 4;

// Black modules that stand beside one another are one rectangle of the path.
std::string path_of(const QRcode& code) {
    std::string path;
    for (int y = 0; y < code.width; ++y)
        for (int x = 0; x < code.width;) {
            const auto black = [&](int at) { return at < code.width && (code.data[y * code.width + at] & 1) != 0; };
            const int from = x;
            while (black(x)) ++x;
            if (x == from) {
                ++x;
                continue;
            }
            const std::string length = std::to_string(x - from);
            path += "M" + std::to_string(from + quiet_modules) + " " + std::to_string(y + quiet_modules) + "h" + length + "v1h-" + length + "z";
        }
    return path;
}

} // namespace

std::optional<std::string> qr_code(std::string_view text, std::string_view label) {
    const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
    if (text.empty() || text.size() > 2331) return std::nullopt; // table 7, version 40
    const std::unique_ptr<QRcode, decltype(&QRcode_free)> code(QRcode_encodeData(static_cast<int>(text.size()), bytes, 0, QR_ECLEVEL_M), &QRcode_free);
    if (!code && errno == ERANGE) return std::nullopt;
    if (!code) throw std::bad_alloc();
    const std::string modules = std::to_string(code->width + 2 * quiet_modules), pixels = std::to_string((code->width + 2 * quiet_modules) * module_pixels);
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"" + html_escape(label) + "\" width=\"" + pixels + "\" height=\"" + pixels +
           "\" viewBox=\"0 0 " + modules + " " + modules + "\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h" + modules + "v" + modules + "h-" +
           modules + "z\"/><path fill=\"#000\" d=\"" + path_of(*code) + "\"/></svg>";
}

} // namespace gravity::issuer
