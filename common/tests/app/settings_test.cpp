#include <gravity/app/settings.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace gravity::app {
namespace {

enum class Mode {
    fast,
    safe
};
BOOST_DESCRIBE_ENUM(Mode, fast, safe)
struct Own {
    Bounded<int, 1, 10> count{3};
    Mode mode = Mode::safe;
    std::optional<Secret<>> key;
    Secret<> password;
    bool flag = false;
};
BOOST_DESCRIBE_STRUCT(Own, (), (count, mode, key, password, flag))

struct Settings : testing::Test {
    PlatformSettings platform;
    Own own;
    std::vector<SettingsSection> sections{{"", meta::mutable_ref(platform)}, {"OWN_", meta::mutable_ref(own)}};

    std::string failure(const Texts& file, const Texts& environment, const Texts& flags) {
        try {
            load_settings(sections, file, environment, flags);
            require_settings(sections);
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
        return "none";
    }
};

TEST_F(Settings, ALaterSourceWins) {
    load_settings(sections, {{"PORT", "1"}, {"OWN_COUNT", "4"}, {"LOG_LEVEL", "debug"}}, {{"PORT", "2"}, {"OWN_COUNT", "5"}}, {{"PORT", "3"}});
    EXPECT_EQ(platform.port.value(), 3);
    EXPECT_EQ(own.count.value(), 5);
    EXPECT_EQ(platform.log_level, LogLevel::debug);
}

TEST_F(Settings, OneClearLineForWhatIsWrong) {
    EXPECT_EQ(failure({}, {}, {}), "setting OWN_PASSWORD is required");
    EXPECT_EQ(failure({}, {{"OWN_PASSWORD", "x"}}, {{"PORTT", "1"}}), "unknown setting PORTT; did you mean PORT?");
    EXPECT_EQ(failure({{"OWN_CUONT", "1"}}, {}, {}), "unknown setting OWN_CUONT; did you mean OWN_COUNT?");
    EXPECT_EQ(failure({}, {{"OWN_TYPO_THAT_MEANS_NOTHING", "1"}}, {}), "unknown setting OWN_TYPO_THAT_MEANS_NOTHING");
    EXPECT_EQ(failure({}, {{"PORT", "70000"}}, {}), "setting PORT must be between 0 and 65535");
    EXPECT_EQ(failure({}, {{"PORT", "http"}}, {}), "setting PORT must be an integer");
    EXPECT_EQ(failure({}, {{"OWN_MODE", "slow"}}, {}), "setting OWN_MODE must be one of fast, safe");
    EXPECT_EQ(failure({}, {{"OWN_FLAG", "yes"}}, {}), "setting OWN_FLAG must be true or false");
}

TEST_F(Settings, TheEnvironmentOfOthersIsNoConcern) {
    EXPECT_EQ(failure({}, {{"HOME", "/home/x"}, {"PORTS", "1"}, {"OWN_PASSWORD", "x"}}, {}), "none");
}

TEST_F(Settings, AnEmptyTextUnsetsAnOptional) {
    load_settings(sections, {{"OWN_KEY", "k"}}, {{"OWN_KEY", ""}}, {});
    EXPECT_FALSE(own.key);
}

TEST_F(Settings, SecretsAreNeverShown) {
    load_settings(sections, {}, {{"OWN_PASSWORD", "hunter2"}, {"DATABASE_URL", "postgres://u:hunter2@h/d"}}, {});
    bool seen = false;
    for (const SettingInfo& info : describe_settings(sections)) {
        EXPECT_EQ(info.value.find("hunter2"), std::string::npos) << info.name;
        EXPECT_FALSE(info.default_text && info.default_text->find("hunter2") != std::string::npos);
        if (info.name == "OWN_PASSWORD") {
            seen = true;
            EXPECT_EQ(info.value, "***");
            EXPECT_TRUE(info.secret && info.required);
            EXPECT_EQ(info.type, "secret");
        }
    }
    EXPECT_TRUE(seen);
}

TEST_F(Settings, EveryPlatformSettingIsExplained) {
    for (const SettingInfo& info : describe_settings({sections[0]})) EXPECT_FALSE(info.doc.empty()) << info.name;
}

struct SettingsFile : testing::Test {
    std::string path = std::filesystem::temp_directory_path() / ("gravity-settings-" + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) + "-" +
                                                                 ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".yaml");
    ~SettingsFile() override { std::filesystem::remove(path); }
    void write(std::string_view text) const { std::ofstream(path) << text; }
    std::string failure() const {
        try {
            read_settings_file(path);
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
        return "none";
    }
};

TEST_F(SettingsFile, IsAFlatMapping) {
    write("port: 8102\nLOG_LEVEL: debug\nown_flag: true\n");
    EXPECT_EQ(read_settings_file(path), (Texts{{"PORT", "8102"}, {"LOG_LEVEL", "debug"}, {"OWN_FLAG", "true"}}));
    write("");
    EXPECT_TRUE(read_settings_file(path).empty());
}

TEST_F(SettingsFile, RefusesAnythingElse) {
    EXPECT_NE(failure().find("cannot be read"), std::string::npos);
    write("- a\n- b\n");
    EXPECT_NE(failure().find("must be a mapping"), std::string::npos);
    write("port:\n  a: 1\n");
    EXPECT_NE(failure().find("PORT must be a single value"), std::string::npos);
    write("port: [1\n");
    EXPECT_NE(failure().find(path), std::string::npos);
}

} // namespace
} // namespace gravity::app
