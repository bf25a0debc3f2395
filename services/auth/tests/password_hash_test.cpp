#include "argon2.hpp"
#include "bcrypt.hpp"
#include "password_hash.hpp"
#include "pbkdf2.hpp"

#include <gtest/gtest.h>

namespace gravity::issuer {
namespace {

bool matches(const std::string& hash, std::string password) { return verify_password(hash, Secret<>(std::move(password))).matches; }

TEST(PasswordHashes, AreArgon2idWithASaltOfTheirOwn) {
    const std::string one = hash_password(Secret<>(std::string("correct horse"))), two = hash_password(Secret<>(std::string("correct horse")));
    EXPECT_TRUE(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << one;
    EXPECT_NE(one, two);
    EXPECT_TRUE(argon2::is_present_kind(one));
    const auto verdict = verify_password(one, Secret<>(std::string("correct horse")));
    EXPECT_TRUE(verdict.matches);
    EXPECT_FALSE(verdict.better);
    EXPECT_FALSE(matches(one, "correct horsf"));
    EXPECT_FALSE(matches(one, "correct horse "));
}

TEST(PasswordHashes, AreOfTheTextNotOfItsSpelling) {
    const std::string hash = hash_password(Secret<>(std::string("e\u0301clair \u2160\u2161")));
    EXPECT_TRUE(matches(hash, "\u00e9clair III"));
    EXPECT_FALSE(matches(hash, "\u00c9clair III"));
}

TEST(PasswordHashes, OfNobodyMatchNothing) {
    EXPECT_FALSE(matches("", "correct horse"));
    EXPECT_TRUE(argon2::is_present_kind(argon2::hash_of_nothing())) << "so that it takes as long";
    EXPECT_THROW(matches("plain text", "plain text"), std::runtime_error);
}

struct Foreign {
    std::string hash, password;
};

// Of crypt_blowfish's, phc-winner-argon2's and passlib's own tests, and made with Python's hashlib.
const std::string of_sha512 = "$MDEyMzQ1Njc4OWFiY2RlZg$OM0FAoIqCVK1sWtxDiffVlBejtLa+ks4TP71JiecwuSZCG8iLbnlIEPOMoVX+i2B2wkSxjQ8CRGR9OkNGuIPMQ";
const std::vector<Foreign> foreign{
    {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
    {"$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e", "correct horse"},
    {"$2y$04$abcdefghijklmnopqrstuuBRn7Cw0eq1JMlBr/d2OBEC3DZjwdwpu", "p\u00e4ssw\u00f6rd-lang"},
    {"$pbkdf2-sha256$6400$.6UI/S.nXIk8jcbdHx3Fhg$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44", "password"},
    {"pbkdf2_sha256$1000$seasalt2seasalt2$8MkvgctZalT3B1nT7NulxO1ihsB4FzTmepbHRG1ngO0=", "correct horse"},
    {"$pbkdf2-sha512$i=1000,l=64" + of_sha512, "correct horse"},
    {"$pbkdf2-sha512$i=1000" + of_sha512, "correct horse"},
    {"$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA", "password"},
    {"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password"},
};

TEST(ForeignHashes, VerifyAndAreThenOfTodaysKind) {
    for (const Foreign& from : foreign) {
        EXPECT_EQ(import_fault(from.hash), "") << from.hash;
        const auto verdict = verify_password(from.hash, Secret<>(from.password));
        ASSERT_TRUE(verdict.matches) << from.hash;
        ASSERT_TRUE(verdict.better) << from.hash;
        EXPECT_TRUE(argon2::is_present_kind(*verdict.better));
        EXPECT_TRUE(matches(*verdict.better, from.password));
        EXPECT_FALSE(matches(from.hash, from.password + "x")) << from.hash;
        EXPECT_FALSE(matches(from.hash, std::string("x"))) << from.hash;
    }
    EXPECT_TRUE(matches("$2y$04$abcdefghijklmnopqrstuuBRn7Cw0eq1JMlBr/d2OBEC3DZjwdwpu", "pa\u0308sswo\u0308rd-lang")) << "as it was typed elsewhere";
    EXPECT_FALSE(matches(foreign[1].hash, std::string("correct horse\0tail", 18))) << "bcrypt would end at the NUL";
}

void expect_taken(const std::string& hash) { EXPECT_EQ(import_fault(hash), "") << hash; }
void expect_refused(const std::string& hash) { EXPECT_NE(import_fault(hash), "") << hash; }

TEST(ForeignHashes, OfArgon2AreTakenWithinBounds) {
    const std::string rest = "$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    for (const std::string good : {"id$v=16$m=8,t=1,p=1", "id$v=19$m=131072,t=8,p=8", "i$v=19$m=102400,t=2,p=8"}) expect_taken("$argon2" + good + rest);
    for (const std::string bad : {"d$v=19$m=65536,t=2,p=1", "id$v=19$m=131073,t=1,p=1", "id$v=19$m=131072,t=9,p=1", "id$v=19$m=1024,t=65,p=1",
                                  "id$v=19$m=65536,t=2,p=9", "id$v=18$m=65536,t=2,p=1", "id$m=65536,t=2,p=1", "id$v=19$m=8,t=1,p=2", "id$v=19$m=65536,t=0,p=1",
                                  "id$v=19$m=065536,t=2,p=1", "id$v=19$m=99999999999,t=2,p=1", "id$v=19$t=2,m=65536,p=1", "id$v=19$m=65536,t=2,p=1,x=1",
                                  "id$v=19$m=,t=2,p=1", "id$v=19,x=1$m=65536,t=2,p=1"})
        expect_refused("$argon2" + bad + rest);
    const std::string parameters = "$argon2id$v=19$m=65536,t=2,p=1";
    expect_refused("$argon2id$");
    expect_refused(parameters + "$c29t$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"); // three bytes of salt
    expect_refused(parameters + "$c29tZXNhbHQ$CTFh");
    expect_refused(parameters + "$c29tZXNhbHQ$!!!!");
    expect_refused(parameters + rest + "$more");
}

TEST(ForeignHashes, OfBcryptAreTakenWithinBounds) {
    const std::string rest = "$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6";
    for (const std::string good : {"$2a$04", "$2b$10", "$2y$14"}) expect_taken(good + rest + "e");
    for (const std::string bad : {"$2b$15", "$2b$03", "$2b$1x", "$2x$04", "$2$04x", "$1$sal"}) expect_refused(bad + rest + "e");
    expect_refused("$2b$04" + rest);
    expect_refused("$2b$04" + rest + ":");
    for (const std::string bad : {"", "plain", "$1$salt$hash", "$5$rounds=1000$x$y"}) expect_refused(bad);
}

TEST(ForeignHashes, OfPbkdf2AreTakenWithinBounds) {
    const std::string rest = "$MDEyMzQ1Njc4OWFiY2RlZg$8MkvgctZalT3B1nT7NulxO1ihsB4FzTmepbHRG1ngO0";
    for (const std::string good : {"256$1", "512$2000000", "256$i=1,l=32", "256$i=1"}) expect_taken("$pbkdf2-sha" + good + rest);
    for (const std::string bad : {"256$0", "256$2000001", "1$1000", "256$i=1000,l=31", "256$i=1000,x=32", "256$x", "256$", "256$1000$more", "256"})
        expect_refused("$pbkdf2-sha" + bad + rest);
    const std::string key = "$8MkvgctZalT3B1nT7NulxO1ihsB4FzTmepbHRG1ngO0=";
    expect_taken("pbkdf2_sha256$1000$s" + key);
    expect_refused("pbkdf2_sha256$1000$" + key);
    expect_refused("pbkdf2_sha256$1000$" + std::string(65, 's') + key);
    expect_refused("pbkdf2_sha256$1000$salt$c2hvcnQ="); // a key of five bytes
    expect_refused("$pbkdf2-sha256$1000$?$8MkvgctZalT3B1nT7NulxO1ihsB4FzTmepbHRG1ngO0");
}

} // namespace
} // namespace gravity::issuer
