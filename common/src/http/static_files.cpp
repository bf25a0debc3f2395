#include <gravity/async/coroutine.hpp>
#include <gravity/http/compress.hpp>
#include <gravity/http/conditional.hpp>
#include <gravity/http/static_files.hpp>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace gravity::http {
namespace {

constexpr std::size_t file_piece = 64 * 1024;

class File {
public:
    File() = default;
    explicit File(int fd) : fd_(fd) {}
    File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    File& operator=(File&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    explicit operator bool() const { return fd_ >= 0; }
    int fd() const { return fd_; }

private:
    int fd_ = -1;
};

/// The names of a path; nothing if one of them must not be looked for.
std::optional<std::vector<std::string>> split(std::string_view path, const std::string& index) {
    std::vector<std::string> names;
    while (!path.empty() && path.front() == '/') path.remove_prefix(1);
    const bool folder = path.empty() || path.back() == '/';
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        const auto name = percent_decode(path.substr(0, end)); // decoded by name: an escaped slash does not separate
        path.remove_prefix(std::min(end + 1, path.size()));
        if (!name || name->empty() || name->front() == '.' || name->find_first_of(std::string_view("/\\\0", 3)) != name->npos)
            return std::nullopt;
        names.push_back(*name);
    }
    if (folder) {
        if (index.empty()) return std::nullopt;
        names.push_back(index);
    }
    return names;
}

File open_below(int folder, const std::vector<std::string>& names) {
    File current;
    int at = folder;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const int kind = i + 1 == names.size() ? O_NONBLOCK : O_DIRECTORY; // non-blocking: a FIFO would hold up the thread
        File next(::openat(at, names[i].c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | kind));
        if (!next) return {};
        current = std::move(next);
        at = current.fd();
    }
    return current;
}

bool regular(const File& file, struct stat& about) {
    return file && ::fstat(file.fd(), &about) == 0 && S_ISREG(about.st_mode);
}

std::string etag_of(const struct stat& about, bool gzipped) {
    char text[80];
    std::snprintf(text, sizeof text, "\"%llx-%lx-%llx%s\"", static_cast<unsigned long long>(about.st_mtim.tv_sec),
                  static_cast<unsigned long>(about.st_mtim.tv_nsec), static_cast<unsigned long long>(about.st_size), gzipped ? "-gz" : "");
    return text;
}

/// Writes `size` bytes from `offset`; throws if the file has shrunk meanwhile, which cuts the response short for the client to see.
Task<void> copy(BodyWriter& writer, int fd, std::uint64_t offset, std::uint64_t size) {
    std::string block(static_cast<std::size_t>(std::min<std::uint64_t>(size, file_piece)), '\0');
    while (size != 0) {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(size, block.size()));
        const ssize_t got = ::pread(fd, block.data(), wanted, static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) throw std::system_error(got < 0 ? errno : EIO, std::generic_category(), "reading a file that is being served");
        const std::string_view data(block.data(), static_cast<std::size_t>(got));
        co_await writer.write(data);
        offset += data.size();
        size -= data.size();
    }
}

struct RangePart {
    std::string head;
    ByteRange range;
};

Task<void> send_ranges(Exchange& exchange, int fd, std::uint64_t size, std::vector<ByteRange> ranges, Headers headers, std::string type) {
    if (ranges.size() == 1) {
        headers.set("Content-Range", content_range(ranges[0], size));
        const std::optional<std::uint64_t> length = ranges[0].size();
        auto writer = co_await exchange.stream(206, headers, length);
        co_await copy(*writer, fd, ranges[0].first, ranges[0].size());
        co_await writer->finish();
        co_return;
    }
    // Section 14.6. The boundary may be anything that the parts do not hold; for a client the lengths decide.
    const std::string boundary = "gravity-byteranges-" + std::to_string(size) + "-" + std::to_string(ranges.size());
    std::vector<RangePart> parts;
    std::uint64_t total = 0;
    for (const ByteRange& range : ranges) {
        std::string head = "\r\n--" + boundary + "\r\nContent-Type: " + type + "\r\nContent-Range: " + content_range(range, size) + "\r\n\r\n";
        total += head.size() + range.size();
        parts.push_back({std::move(head), range});
    }
    const std::string end = "\r\n--" + boundary + "--\r\n";
    headers.set("Content-Type", "multipart/byteranges; boundary=" + boundary);
    const std::optional<std::uint64_t> length = total + end.size();
    auto writer = co_await exchange.stream(206, headers, length);
    for (const RangePart& part : parts) {
        co_await writer->write(part.head);
        co_await copy(*writer, fd, part.range.first, part.range.size());
    }
    co_await writer->write(end);
    co_await writer->finish();
}

} // namespace

StaticFiles::StaticFiles(const std::string& folder, StaticFilesOptions options)
    : folder_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), options_(std::move(options)) {
    if (folder_ < 0) throw std::system_error(errno, std::generic_category(), folder);
}
StaticFiles::~StaticFiles() { ::close(folder_); }

Task<bool> StaticFiles::serve(Exchange& exchange, std::string_view path) const {
    const Request& request = exchange.request();
    if (request.method != Method::get && request.method != Method::head) co_return false;
    auto names = split(path, options_.index);
    if (!names) co_return false;
    File file = open_below(folder_, *names);
    struct stat about{};
    if (!regular(file, about)) co_return false;
    const std::string type(media_type_of(names->back()));

    Headers headers;
    headers.add("Content-Type", type);
    headers.add("X-Content-Type-Options", "nosniff");
    if (!options_.cache_control.empty()) headers.add("Cache-Control", options_.cache_control);
    bool gzipped = false;
    if (options_.precompressed && is_compressible(type)) {
        headers.add("Vary", "Accept-Encoding");
        names->back() += ".gz";
        File packed;
        if (accepts_gzip(request.headers.joined("Accept-Encoding"))) packed = open_below(folder_, *names);
        struct stat packed_about{};
        if (regular(packed, packed_about) && packed_about.st_mtim.tv_sec >= about.st_mtim.tv_sec) {
            gzipped = true;
            file = std::move(packed);
            about = packed_about;
            headers.add("Content-Encoding", "gzip");
        }
    }
    const Validators validators{etag_of(about, gzipped), about.st_mtim.tv_sec};
    const std::int64_t now = std::time(nullptr);
    const auto size = static_cast<std::uint64_t>(about.st_size);
    headers.add("ETag", validators.etag);
    headers.add("Last-Modified", format_http_date(*validators.last_modified));
    headers.add("Accept-Ranges", "bytes");

    const int condition = evaluate_preconditions(request, validators, now);
    const RangeResult range = evaluate_range(request, size, validators, now);
    if (condition != 0 || range.kind == RangeResult::Kind::unsatisfiable) {
        Response answer;
        answer.status = condition != 0 ? condition : 416;
        answer.headers = headers;
        if (answer.status != 304) {
            answer.headers.remove("Content-Type");
            answer.headers.remove("Content-Encoding");
        }
        if (answer.status == 416) answer.headers.set("Content-Range", content_range(std::nullopt, size));
        co_await exchange.respond(std::move(answer));
    } else if (range.kind == RangeResult::Kind::partial) {
        co_await send_ranges(exchange, file.fd(), size, range.ranges, headers, type);
    } else if (request.method == Method::head) {
        Response answer;
        answer.headers = headers;
        answer.headers.add("Content-Length", std::to_string(size));
        co_await exchange.respond(std::move(answer));
    } else {
        const std::optional<std::uint64_t> length = size;
        auto writer = co_await exchange.stream(200, headers, length);
        co_await copy(*writer, file.fd(), 0, size);
        co_await writer->finish();
    }
    co_return true;
}

std::string_view media_type_of(std::string_view filename) {
    static constexpr std::pair<std::string_view, std::string_view> known[] = {{"html", "text/html; charset=utf-8"},
                                                                              {"htm", "text/html; charset=utf-8"},
                                                                              {"css", "text/css; charset=utf-8"},
                                                                              {"js", "text/javascript; charset=utf-8"},
                                                                              {"mjs", "text/javascript; charset=utf-8"},
                                                                              {"json", "application/json"},
                                                                              {"map", "application/json"},
                                                                              {"txt", "text/plain; charset=utf-8"},
                                                                              {"md", "text/markdown; charset=utf-8"},
                                                                              {"csv", "text/csv; charset=utf-8"},
                                                                              {"xml", "application/xml"},
                                                                              {"svg", "image/svg+xml"},
                                                                              {"png", "image/png"},
                                                                              {"jpg", "image/jpeg"},
                                                                              {"jpeg", "image/jpeg"},
                                                                              {"gif", "image/gif"},
                                                                              {"webp", "image/webp"},
                                                                              {"avif", "image/avif"},
                                                                              {"ico", "image/x-icon"},
                                                                              {"woff", "font/woff"},
                                                                              {"woff2", "font/woff2"},
                                                                              {"ttf", "font/ttf"},
                                                                              {"otf", "font/otf"},
                                                                              {"wasm", "application/wasm"},
                                                                              {"pdf", "application/pdf"},
                                                                              {"zip", "application/zip"},
                                                                              {"gz", "application/gzip"},
                                                                              {"mp4", "video/mp4"},
                                                                              {"webm", "video/webm"},
                                                                              {"mp3", "audio/mpeg"},
                                                                              {"ogg", "audio/ogg"},
                                                                              {"wav", "audio/wav"},
                                                                              {"yaml", "application/yaml"},
                                                                              {"yml", "application/yaml"}};
    const std::size_t dot = filename.rfind('.');
    if (dot != filename.npos)
        for (const auto& [extension, type] : known)
            if (iequals(filename.substr(dot + 1), extension)) return type;
    return "application/octet-stream";
}

} // namespace gravity::http
