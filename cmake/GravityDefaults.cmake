# Flags and options every target of the platform is built with: one place, so that no folder has its own.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release)
endif()

set(GRAVITY_SANITIZE "" CACHE STRING "Sanitizers: 'address,undefined' or 'thread'; empty for none")
option(GRAVITY_TESTS "Build the tests" ON)
option(GRAVITY_TESTPOINTS "Compile the named places where a test can pause a daemon" OFF)
option(GRAVITY_COVERAGE "Instrument for line coverage" OFF)
option(GRAVITY_FUZZ "Build the fuzz targets; needs clang" OFF)
option(GRAVITY_TOGETHER "Compile the sources of a library or a service some together" OFF)
option(GRAVITY_HARDEN "Hardening flags of release builds" OFF)

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # Hits across checkouts and build folders, and for files that use a precompiled header (which ccache refuses without these two). A header
    # changed while it is being compiled is left for ccache to notice: what it would store then belongs to neither text.
    set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_PCH_EXTSUM=1
        CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} ${CCACHE})
    set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()
set(GRAVITY_PRECOMPILE ${CMAKE_CURRENT_LIST_DIR}/precompile.sh) # in a repository of one service this folder is the library's
find_program(MOLD mold)
if(MOLD)
    add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Werror=return-type)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # gcc 12 reports these inside its own <optional> and <string>, and for every Asio coroutine frame; clang-tidy covers the real cases.
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict> -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds
        $<$<COMPILE_LANGUAGE:CXX>:-Wno-mismatched-new-delete> -Wno-dangling-pointer)
    if(GRAVITY_SANITIZE MATCHES "thread") # Asio's fences, which its own locks make needless
        add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-tsan>)
    endif()
endif()
if(GRAVITY_SANITIZE)
    add_compile_options(-fsanitize=${GRAVITY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${GRAVITY_SANITIZE})
endif()
if(GRAVITY_COVERAGE)
    add_compile_options(--coverage -fprofile-update=atomic)
    add_link_options(--coverage)
endif()
if(GRAVITY_TESTPOINTS)
    add_compile_definitions(GRAVITY_TESTPOINTS)
endif()
if(GRAVITY_HARDEN)
    add_compile_options(-D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fcf-protection)
    add_link_options(-Wl,-z,relro,-z,now -pie)
    # What no service of an executable calls is left out of it: an idle daemon is held to a few megabytes, most of which are its own text.
    add_compile_options(-ffunction-sections -fdata-sections)
    add_link_options(-Wl,--gc-sections)
endif()
