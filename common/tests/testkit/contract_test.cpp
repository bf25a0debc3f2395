#include "bookshelf.hpp"

#include <gravity/app/app.hpp>
#include <gravity/testkit/contract.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace gravity {
namespace {

using testkit::Contract;

Contract bookshelf_contract() {
    Service service = bookshelf::service();
    return Contract(Json::parse(app::openapi_of(service.definition())).or_throw());
}

using Faults = std::vector<std::string>;

// What another service would write down for itself.
struct BookTitle {
    Id<"book"> id;
    std::string title;
    std::int64_t pages;
    bookshelf::State state;
    std::optional<std::string> note;
};
BOOST_DESCRIBE_STRUCT(BookTitle, (), (id, title, pages, state, note))
struct BookPage {
    std::vector<BookTitle> items;
    std::optional<std::string> next_cursor;
};
BOOST_DESCRIBE_STRUCT(BookPage, (), (items, next_cursor))

TEST(Contract, AConsumerThatTakesWhatMayComeIsFine) {
    EXPECT_EQ(bookshelf_contract().reads<BookTitle>("GET", "/api/v1/books/{id}"), Faults{});
    EXPECT_EQ(bookshelf_contract().reads<BookTitle>("POST", "/api/v1/books", 201), Faults{});
    EXPECT_EQ(bookshelf_contract().reads<BookPage>("GET", "/api/v1/books"), Faults{});
}

enum class Half {
    in
};
BOOST_DESCRIBE_ENUM(Half, in)
struct Wrong {
    std::string isbn;         // nobody sends it
    std::string note;         // may be absent
    std::string pages;        // is a number
    Text<1, 50> title;        // may be longer
    Half state;               // may be another
    Timestamp id;             // is no time
    Bounded<int, 1, 9> version;
    std::vector<std::string> created_at;
};
BOOST_DESCRIBE_STRUCT(Wrong, (), (isbn, note, pages, title, state, id, version, created_at))

TEST(Contract, EveryMisbeliefIsTold) {
    EXPECT_EQ(bookshelf_contract().reads<Wrong>("GET", "/api/v1/books/{id}"),
              (Faults{"/isbn is not described there", "/note is required here and may be absent there", R"(/pages is a text here and "integer" there)",
                      "/title is between 1 and 50 here and between 1 and 100 there", R"(/state may be "out" there, which is not known here)",
                      R"(/id is of format "date-time" here and "uuid" there)",
                      "/version is between 1 and 9 here and between 1 and 9223372036854775807 there", R"(/created_at is an array here and "string" there)"}));
    EXPECT_EQ(bookshelf_contract().reads<Wrong>("GET", "/api/v1/magazines").size(), 1u);
    EXPECT_EQ(bookshelf_contract().reads<Wrong>("DELETE", "/api/v1/books/{id}", 204).size(), 1u);
}

struct Order {
    Text<1, 100> title;
    Bounded<int, 1, 5000> pages;
};
BOOST_DESCRIBE_STRUCT(Order, (), (title, pages))
struct BadOrder {
    Text<1, 500> title;
    std::optional<Bounded<int, 1, 5000>> pages;
    std::string colour;
};
BOOST_DESCRIBE_STRUCT(BadOrder, (), (title, pages, colour))
struct ShortOrder {
    Text<1, 100> title;
};
BOOST_DESCRIBE_STRUCT(ShortOrder, (), (title))

TEST(Contract, WhatIsSentMustBeTaken) {
    EXPECT_EQ(bookshelf_contract().sends<Order>("POST", "/api/v1/books"), Faults{});
    EXPECT_EQ(bookshelf_contract().sends<BadOrder>("POST", "/api/v1/books"),
              (Faults{"/title is between 1 and 500 here and between 1 and 100 there", "/pages may be absent here and is required there",
                      "/colour is not described there"}));
    EXPECT_EQ(bookshelf_contract().sends<ShortOrder>("POST", "/api/v1/books"), (Faults{"/pages is required there and not sent"}));
    EXPECT_EQ(bookshelf_contract().sends<Order>("GET", "/api/v1/books").size(), 1u);
}

TEST(Contract, IsReadFromTheProducersFile) {
    const auto path = std::filesystem::temp_directory_path() / ("gravity-contract-" + Uuid::v4().to_string() + ".json");
    EXPECT_THROW(Contract::from_file(path), std::runtime_error);
    Service service = bookshelf::service();
    std::ofstream(path) << app::openapi_of(service.definition());
    EXPECT_EQ(Contract::from_file(path).reads<BookTitle>("GET", "/api/v1/books/{id}"), Faults{});
    std::filesystem::remove(path);
}

} // namespace
} // namespace gravity
