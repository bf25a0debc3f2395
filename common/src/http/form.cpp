#include <gravity/async/coroutine.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/http/form.hpp>
#include <gravity/http/sniff.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace gravity::http {
namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

int open_nameless(const std::string& folder) {
    const int fd = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR)) return fd;
    std::string name = folder + "/upload-XXXXXX"; // overlay and network file systems do not all know nameless files
    const int named = ::mkostemp(name.data(), O_CLOEXEC);
    if (named >= 0) ::unlink(name.c_str());
    return named;
}

/// Builds the form from the parser's events.
class Collector {
public:
    explicit Collector(const FormOptions& options) : options_(options) {}

    void part(MultipartPart part) {
        is_file_ = part.filename.has_value();
        if (is_file_)
            form.files.push_back(
                {std::move(part.name), std::move(*part.filename), std::move(part.content_type), SpooledFile(options_.spool_folder), {}, {}});
        else form.fields.push_back({std::move(part.name), {}});
    }
    void data(std::string_view bytes) {
        if (is_file_) {
            form.files.back().content.append(bytes);
            hash_.update(bytes);
        } else {
            std::string& value = form.fields.back().value;
            if (value.size() + bytes.size() > options_.max_field_bytes) too_large = true;
            else value += bytes;
        }
    }
    void end() {
        if (!is_file_) return;
        FormFile& file = form.files.back();
        file.sniffed_type = sniff_type(file.content.read(0, 512));
        file.sha256 = hex_encode(hash_.finish());
    }

    Form form;
    bool too_large = false;

private:
    const FormOptions& options_;
    Sha256 hash_;
    bool is_file_ = false;
};

} // namespace

SpooledFile::SpooledFile(const std::string& folder) : fd_(open_nameless(folder)) {
    if (fd_ < 0) fail("making a temporary file");
}
SpooledFile::SpooledFile(SpooledFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)), size_(std::exchange(other.size_, 0)) {}
SpooledFile& SpooledFile::operator=(SpooledFile&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(size_, other.size_);
    return *this;
}
SpooledFile::~SpooledFile() {
    if (fd_ >= 0) ::close(fd_);
}

void SpooledFile::append(std::string_view data) {
    while (!data.empty()) {
        const ssize_t written = ::pwrite(fd_, data.data(), data.size(), static_cast<off_t>(size_));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail("writing a temporary file");
        size_ += static_cast<std::uint64_t>(written);
        data.remove_prefix(static_cast<std::size_t>(written));
    }
}

std::string SpooledFile::read(std::uint64_t offset, std::size_t most) const {
    std::string data(offset < size_ ? static_cast<std::size_t>(std::min<std::uint64_t>(most, size_ - offset)) : 0, '\0');
    std::size_t done = 0;
    while (done < data.size()) {
        const ssize_t got = ::pread(fd_, data.data() + done, data.size() - done, static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail("reading a temporary file");
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    data.resize(done);
    return data;
}

Task<std::variant<Form, WireRefusal>> read_form(Exchange& exchange, FormOptions options) {
    std::variant<Form, WireRefusal> result;
    const auto type = exchange.request().headers.get("Content-Type");
    const auto boundary = type ? multipart_boundary(*type) : std::nullopt;
    if (!boundary) {
        result = WireRefusal{415, "unsupported-media-type", "The body must be multipart/form-data with a boundary."};
        co_return result;
    }
    MultipartParser parser(*boundary, options.limits);
    Collector collector(options);
    Collector* const into = &collector;
    const MultipartParser::Sink sink{[into](MultipartPart part) { into->part(std::move(part)); },
                                     [into](std::string_view data) { into->data(data); }, [into] { into->end(); }};
    WireRefusal refusal;
    while (!refusal) {
        const std::string piece = co_await exchange.read_some();
        if (piece.empty()) break;
        refusal = parser.feed(piece, sink);
        if (collector.too_large) refusal = {413, "field-too-large", "A field of the form is too large."};
    }
    if (!refusal && !parser.complete()) refusal = {400, "malformed-form", "The form ends before its last boundary."};
    if (refusal) result = refusal;
    else result = std::move(collector.form);
    co_return result;
}

} // namespace gravity::http
