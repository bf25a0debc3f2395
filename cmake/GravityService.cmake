# gravity_service(<name> [LIBRARIES ...]): the daemon `gravity-<name>` from src/, its tests from tests/, its migrations from migrations/.
# The sources become an object library shared by daemon and tests, so nothing is compiled twice.
function(gravity_service name)
    cmake_parse_arguments(arg "" "" "LIBRARIES" ${ARGN})
    string(REPLACE "-" "_" id ${name})

    file(GLOB sources CONFIGURE_DEPENDS src/*.cpp)
    list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
    add_library(${id}_objects OBJECT ${sources})
    target_include_directories(${id}_objects PUBLIC src)
    target_link_libraries(${id}_objects PUBLIC gravity::common ${arg_LIBRARIES})
    gravity_precompile(${id}_objects service)
    gravity_compile_together(${id}_objects 40)

    file(GLOB migrations CONFIGURE_DEPENDS migrations/*.sql)
    if(migrations)
        gravity_embed_migrations(${id}_objects ${id} ${migrations})
    endif()

    add_executable(gravity-${name} src/main.cpp)
    target_link_libraries(gravity-${name} PRIVATE ${id}_objects)
    gravity_precompile(gravity-${name} service)

    file(GLOB tests CONFIGURE_DEPENDS tests/*_test.cpp)
    if(GRAVITY_TESTS AND tests)
        add_executable(${id}_test ${tests})
        target_link_libraries(${id}_test PRIVATE ${id}_objects gravity::testkit)
        gravity_precompile(${id}_test test)
        gravity_discover_tests(${id}_test ${name})
    endif()
endfunction()

# With GRAVITY_TOGETHER: so many sources in one compilation (decision 40). An anonymous namespace is then one of a file that the compiled one includes, and
# names meet that do not shadow each other: what gcc says of both is not meant. tables.cpp stays alone: it makes the tables that all others find made.
function(gravity_compile_together target sources)
    if(GRAVITY_TOGETHER)
        set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${sources})
        set_source_files_properties(src/tables.cpp PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
        target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage> -Wno-shadow)
    endif()
endfunction()

# Tests are registered one by one (the runner then spreads them over the cores), labelled with what they belong to.
include(GoogleTest)
function(gravity_discover_tests target label)
    set(timeout 120)
    if(GRAVITY_SANITIZE OR GRAVITY_COVERAGE) # takes several times as long
        set(timeout 600)
    endif()
    gtest_discover_tests(${target} TEST_PREFIX ${target}. DISCOVERY_MODE PRE_TEST
        PROPERTIES LABELS ${label} TIMEOUT ${timeout})
endfunction()

# gravity_fuzz(<service> <name> SOURCES ... [LIBRARIES ...]): with GRAVITY_FUZZ the fuzz target tests/fuzz/<name>.cpp over these sources alone.
function(gravity_fuzz service name)
    cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES" ${ARGN})
    if(GRAVITY_FUZZ)
        set(target fuzz_${service}_${name})
        string(REPLACE "-" "_" target ${target})
        add_executable(${target} tests/fuzz/${name}.cpp ${arg_SOURCES})
        target_include_directories(${target} PRIVATE src)
        target_link_options(${target} PRIVATE -fsanitize=fuzzer)
        target_link_libraries(${target} PRIVATE gravity_fuzzed ${arg_LIBRARIES})
    endif()
endfunction()

# Compiles numbered SQL files into `gravity::pg::Migrations <id>_migrations()`, declared in <id>_migrations.hpp.
function(gravity_embed_migrations target id)
    set(header ${CMAKE_CURRENT_BINARY_DIR}/generated/${id}_migrations.hpp)
    set(source ${CMAKE_CURRENT_BINARY_DIR}/generated/${id}_migrations.cpp)
    add_custom_command(
        OUTPUT ${header} ${source}
        COMMAND ${CMAKE_COMMAND} -DID=${id} -DHEADER=${header} -DSOURCE=${source} "-DFILES=${ARGN}"
                -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/EmbedMigrations.cmake
        DEPENDS ${ARGN} ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/EmbedMigrations.cmake
        VERBATIM)
    target_sources(${target} PRIVATE ${source} ${header})
    target_include_directories(${target} PUBLIC ${CMAKE_CURRENT_BINARY_DIR}/generated)
endfunction()
