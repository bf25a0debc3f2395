#include <gravity/async/coroutine.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/http/upload.hpp>
#include <gravity/log/log.hpp>

#include <boost/system/system_error.hpp>

#include <charconv>
#include <cstdlib>
#include <system_error>

namespace gravity {
namespace {

Refusal too_large(std::uint64_t limit) { return Refusal(problems::too_large, "The body may have " + std::to_string(limit) + " bytes"); }

std::string spool_folder() {
    const char* const folder = std::getenv("TMPDIR");
    return folder != nullptr && *folder != '\0' ? folder : "/tmp";
}

// No room on the disk is no fault of the request, and may pass.
Refusal no_room(const std::system_error& error) {
    log::error("an upload cannot be kept", {{"error", error.what()}});
    return Refusal(problems::store_unavailable, "There is no room for the upload at the moment").with_header("Retry-After", "5");
}

void announce_length(const http::Request& request, std::uint64_t limit) {
    const auto field = request.headers.get("Content-Length");
    std::uint64_t length = 0;
    if (field && std::from_chars(field->data(), field->data() + field->size(), length).ec == std::errc{} && length > limit) throw too_large(limit);
}

Task<std::string> next_piece(http::Intake& intake) {
    std::string piece;
    try {
        piece = co_await intake.exchange->read_some();
    } catch (const boost::system::system_error&) {
        intake.broken = true;
        throw;
    }
    if (piece.empty()) {
        if (intake.sha256.empty()) intake.sha256 = hex_encode(intake.hash.finish());
        co_return piece;
    }
    intake.received += piece.size();
    if (intake.received > intake.limit) throw too_large(intake.limit);
    intake.hash.update(piece);
    co_return piece;
}

Task<void> spool(http::Intake& intake) {
    try {
        intake.file.emplace(spool_folder());
        for (;;) {
            const std::string piece = co_await next_piece(intake);
            if (piece.empty()) break;
            intake.file->append(piece);
        }
    } catch (const boost::system::system_error&) {
        throw; // the body broke off
    } catch (const std::system_error& error) {
        throw no_room(error);
    }
    intake.digest = intake.sha256;
}

std::string digest_of(const http::Form& form) {
    Sha256 hash;
    const auto part = [&hash](std::string_view text) { hash.update(std::to_string(text.size()) + ':' + std::string(text)); };
    for (const auto& field : form.fields) part(field.name), part(field.value);
    for (const auto& file : form.files) part(file.name), part(file.filename), part(file.content_type), part(file.sha256);
    return hex_encode(hash.finish());
}

Task<void> take_form(http::Exchange& exchange, http::Intake& intake) {
    http::FormOptions options;
    options.spool_folder = spool_folder();
    options.limits.total_bytes = options.limits.part_bytes = intake.limit;
    std::variant<http::Form, http::WireRefusal> read;
    try {
        read = co_await http::read_form(exchange, std::move(options));
    } catch (const boost::system::system_error&) {
        throw;
    } catch (const std::system_error& error) {
        throw no_room(error);
    }
    if (const auto* refusal = std::get_if<http::WireRefusal>(&read)) {
        if (refusal->status == 413) throw Refusal(problems::too_large, std::string(refusal->detail));
        if (refusal->status == 415) throw Refusal(problems::unsupported_media_type, std::string(refusal->detail)).with_header("Accept", "multipart/form-data");
        throw Refusal(problems::malformed, std::string(refusal->detail));
    }
    intake.form = std::get<http::Form>(std::move(read));
    intake.digest = digest_of(intake.form);
}

} // namespace

namespace http {

Task<std::shared_ptr<Intake>> take_body(Exchange& exchange, const Route& route) {
    auto intake = std::make_shared<Intake>();
    intake->exchange = &exchange;
    intake->limit = route.options.body_limit;
    announce_length(exchange.request(), intake->limit);
    if (route.body_mode == BodyMode::spooled) co_await spool(*intake);
    if (route.body_mode == BodyMode::form) co_await take_form(exchange, *intake);
    co_return intake;
}

} // namespace http

Task<std::string> Upload::read() {
    const auto intake = intake_;
    std::string piece = co_await next_piece(*intake);
    co_return piece;
}

const std::string* Form::find(std::string_view name) const {
    for (const auto& field : fields())
        if (field.name == name) return &field.value;
    return nullptr;
}

const http::FormFile& Form::file(std::string_view name) const {
    for (const auto& one : files())
        if (one.name == name) return one;
    throw Refusal(problems::invalid, "The form has no file '" + std::string(name) + "'");
}

} // namespace gravity
