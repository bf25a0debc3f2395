#include "http/support.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/form.hpp>

#include <filesystem>

using namespace gravity;
using namespace gravity::http;
using namespace gravity::http::test;

namespace {

/// Answers what it found: "name=value;" and "name<filename,type>size:last bytes;".
Task<void> describe(Exchange& exchange) {
    FormOptions options;
    options.max_field_bytes = 100;
    options.limits.part_bytes = 2'000'000;
    options.spool_folder = std::filesystem::temp_directory_path().string();
    auto result = co_await read_form(exchange, options);
    Response answer;
    if (const auto* refusal = std::get_if<WireRefusal>(&result)) {
        answer = text(std::string(refusal->slug), refusal->status);
    } else {
        const Form form = std::move(std::get<Form>(result));
        for (const auto& [name, value] : form.fields) answer.body += name + "=" + value + ";";
        for (const FormFile& file : form.files)
            answer.body += file.name + "<" + file.filename + "," + file.content_type + ">" + std::to_string(file.content.size()) + ":" +
                           file.content.read(file.content.size() - 3, 100) + file.content.read(file.content.size(), 5) + ";";
    }
    co_await exchange.respond(std::move(answer));
}

std::string field(const std::string& disposition, const std::string& body) {
    return "--B\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + body + "\r\n";
}
std::string post(const std::string& body, const std::string& type = "multipart/form-data; boundary=B") {
    return "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

} // namespace

TEST(Form, FieldsInMemoryAndFilesOnDisk) {
    Running running;
    RawClient client(running.serve(describe));
    const std::string big(1'500'000, 'x');
    const auto answer =
        client.ask(post(field("name=\"a\"", "1") + field("name=\"f\"; filename=\"../x.bin\"", big + "end") + field("name=\"a\"", "2") + "--B--\r\n"));
    EXPECT_EQ(answer.body, "a=1;a=2;f<x.bin,text/plain>1500003:end;");
    EXPECT_EQ(client.ask(post("--B--")).body, "");
}

TEST(Form, Refusals) {
    Running running;
    const auto port = running.serve(describe);
    const struct {
        std::string request;
        int status;
        const char* slug;
    } cases[] = {{post("{}", "application/json"), 415, "unsupported-media-type"},
                 {post("--B--", "multipart/form-data"), 415, "unsupported-media-type"},
                 {post(field("name=\"a\"", "cut")), 400, "malformed-form"},
                 {post(field("nonsense", "") + "--B--"), 400, "malformed-form"},
                 {post(field("name=\"a\"", std::string(101, 'v')) + "--B--"), 413, "field-too-large"},
                 {post(field("name=\"f\"; filename=\"x\"", std::string(2'000'001, 'v')) + "--B--"), 413, "part-too-large"}};
    for (const auto& [request, status, slug] : cases) {
        RawClient client(port);
        std::thread sender([&client, &request = request] { client.send(request); });
        const auto answer = client.read_response();
        sender.join();
        EXPECT_EQ(answer.status, status) << slug;
        EXPECT_EQ(answer.body, slug);
    }
}

TEST(Form, SpooledFilesHaveNoName) {
    const std::string folder = std::filesystem::temp_directory_path().string();
    SpooledFile file(folder);
    file.append("hello");
    EXPECT_EQ(file.read(1, 3), "ell");
    SpooledFile moved(std::move(file));
    moved.append("!");
    EXPECT_EQ(moved.read(0, 100), "hello!");
    EXPECT_NE(std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(moved.descriptor())).string().find("(deleted)"), std::string::npos);
    EXPECT_THROW(SpooledFile("/no/such/folder"), std::system_error);
}
