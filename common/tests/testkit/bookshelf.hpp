#pragma once

#include <gravity/service.hpp>

/// A small service that keeps every convention, for the tests of the test tools themselves.
namespace gravity::bookshelf {

inline constexpr pg::Migration migrations[] = {{"0001_book", R"sql(
    create table book (id uuid primary key, project uuid, title text not null, pages integer not null, state text not null default 'in',
                       note text, version bigint not null default 1, created_at timestamptz not null default now());
    call gravity.isolate('book');
    create unique index book_title_key on book (project, title);
    create table loose (id uuid primary key, title text not null, version bigint not null default 1);)sql"}};

enum class State {
    in,
    out
};
BOOST_DESCRIBE_ENUM(State, in, out)

using BookId = Id<"book">;
struct NewBook {
    Text<1, 100> title;
    Bounded<int, 1, 5000> pages;
    std::optional<Multiline<0, 200>> note;
};
BOOST_DESCRIBE_STRUCT(NewBook, (), (title, pages, note))
struct Book : NewBook {
    BookId id;
    State state = State::in;
    Version version;
    Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(Book, (NewBook), (id, state, version, created_at))
struct ListBooks : PageQuery {
    std::optional<State> state;
};
BOOST_DESCRIBE_STRUCT(ListBooks, (PageQuery), (state))

struct BookLent {
    static constexpr Event event{"gravity.bookshelf.book.lent"};
    BookId id;
    Text<1, 100> title;
};
BOOST_DESCRIBE_STRUCT(BookLent, (), (id, title))

inline constexpr Problem title_taken{409, "title-taken", "There is a book of this title"};
inline constexpr Problem is_out{422, "is-out", "The book is out"};

inline const Sql<Book(BookId, NewBook)> insert_book{
    "bookshelf.insert", "insert into book (id, title, pages, note) values ($1, $2, $3, $4) returning *", {{"book_title_key", title_taken}}};
inline const Sql<Book(BookId)> get_book{"bookshelf.get", "select * from book where id = $1"};
inline const Sql<Book(BookId)> lock_book{"bookshelf.lock", "select * from book where id = $1 for update"};
inline const Sql<Book(ListBooks)> list_books{
    "bookshelf.list", "select * from book where ($state::text is null or state = $state) and $page(created_at desc, id desc)"};
inline const Sql<Book(Book)> save_book{
    "bookshelf.save",
    "update book set title = $title, pages = $pages, note = $note, state = $state, version = version + 1 where id = $id returning *",
    {{"book_title_key", title_taken}}};
inline const Sql<void(BookId)> delete_book{"bookshelf.delete", "delete from book where id = $1"};

inline Created<Book> create(Tx& tx, Body<NewBook> in) { return tx.one(insert_book, tx.new_id<BookId>(), *in); }
inline Page<Book> list(Tx& tx, Params<ListBooks> query) { return tx.page(list_books, *query); }
inline Book get(Tx& tx, Path<"id", BookId> id) { return tx.one(get_book, *id); }
inline Book change(Tx& tx, Path<"id", BookId> id, Patch<NewBook> patch, IfMatch expected) {
    Book book = expected.check(tx.one(lock_book, *id));
    static_cast<NewBook&>(book) = patch.apply(book);
    return tx.one(save_book, book);
}
inline Book lend(Tx& tx, Path<"id", BookId> id, IfMatch expected) {
    Book book = expected.check(tx.one(lock_book, *id));
    if (book.state == State::out) throw Refusal(is_out);
    book.state = State::out;
    tx.emit(BookLent{book.id, book.title});
    return tx.one(save_book, book);
}
inline NoContent remove(Tx& tx, Path<"id", BookId> id, IfMatch expected) {
    expected.check(tx.one(lock_book, *id));
    tx.exec(delete_book, *id);
    return {};
}

inline void routes(Router& router) {
    auto books = router.collection("/api/v1/books", "books");
    books.post<create>("", {.problems = {title_taken}});
    books.get<list>("");
    books.get<get>("/{id}");
    books.patch<change>("/{id}", {.problems = {title_taken}});
    books.del<remove>("/{id}");
    books.post<lend>("/{id}/lend", {.problems = {is_out}});
}

inline Service service() { return Service{"bookshelf", 0}.postgres(migrations).routes(routes); }

} // namespace gravity::bookshelf
