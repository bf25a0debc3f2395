#include "route_folder.hpp"

#include "route_file.hpp"

#include <algorithm>
#include <filesystem>
#include <sys/stat.h>
#include <vector>

namespace gravity::gateway {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> files_of(const std::string& folder, std::error_code& error) {
    std::vector<std::string> files;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        const std::string name = at->path().filename();
        const std::string ending = at->path().extension();
        if (!name.starts_with('.') && (ending == ".yaml" || ending == ".yml" || ending == ".json")) files.push_back(at->path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

void append_stat(const std::string& file, std::string& out) {
    struct stat facts{};
    if (::stat(file.c_str(), &facts) != 0) return;
    out.append(file).append(" ").append(std::to_string(facts.st_ino)).append(" ").append(std::to_string(facts.st_size)).append(" ");
    out.append(std::to_string(facts.st_mtim.tv_sec)).append(".").append(std::to_string(facts.st_mtim.tv_nsec)).append("\n");
}

} // namespace

Parsed<Documents> read_route_folder(const std::string& folder) {
    std::error_code error;
    const std::vector<std::string> files = files_of(folder, error);
    if (error) return ParseError{folder + ": " + error.message()};
    DocumentReader reader;
    for (const std::string& file : files) {
        const auto text = read_text(file);
        if (!text) return ParseError{text.why()};
        if (const std::string why = reader.add(*text); !why.empty()) return ParseError{file + ": " + why};
    }
    auto documents = std::move(reader).finish();
    if (!documents) return ParseError{folder + ": " + documents.why()};
    return documents;
}

std::string fingerprint_of(const std::string& path) {
    std::string print;
    std::error_code error;
    if (!fs::is_directory(path, error)) {
        append_stat(path, print);
        return print;
    }
    for (const std::string& file : files_of(path, error)) append_stat(file, print);
    if (error) print += error.message();
    return print;
}

} // namespace gravity::gateway
