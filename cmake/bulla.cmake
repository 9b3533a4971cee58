# Verbs of the top-level CMakeLists.txt. A folder that has no sources yet is passed over.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

option(BULLA_WERROR "Warnings are errors" OFF)
option(BULLA_LIBRARY_ALONE "Build libbulla and its tests alone: asks for no package" OFF)
option(BULLA_FUZZ "Build the libFuzzer targets (clang)" OFF)
set(BULLA_SANITIZE "" CACHE STRING "address,undefined | thread | memory")

add_compile_options(-Wall -Wextra -Wconversion -Wshadow -Wno-missing-field-initializers -fno-strict-aliasing)
add_compile_definitions(_GNU_SOURCE BULLA_VERSION="${PROJECT_VERSION}")
if(BULLA_WERROR)
    add_compile_options(-Werror)
endif()
if(BULLA_SANITIZE)
    add_compile_options(-fsanitize=${BULLA_SANITIZE} -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${BULLA_SANITIZE})
endif()
if(BULLA_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(NOT BULLA_LIBRARY_ALONE)
    find_package(PkgConfig REQUIRED)
    find_package(Threads REQUIRED)
endif()
enable_testing()

# Packages by their pkg-config names; one imported target each.
function(bulla_package target scope name)
    if(NOT TARGET PkgConfig::${name})
        pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${name})
    endif()
    target_link_libraries(${target} ${scope} PkgConfig::${name})
endfunction()

function(bulla_sources folder out)
    cmake_parse_arguments(ARG "" "" "EXCEPT" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.c ${CMAKE_SOURCE_DIR}/${folder}/*.S)
    foreach(name ${ARG_EXCEPT})
        list(FILTER sources EXCLUDE REGEX "/${name}$")
    endforeach()
    set(${out} ${sources} PARENT_SCOPE)
endfunction()

function(bulla_use target)
    foreach(name ${ARGN})
        if(TARGET ${name})
            target_link_libraries(${target} PUBLIC ${name})
        endif()
    endforeach()
endfunction()

# A library that runs without an operating system: a hosted include does not compile. OBJECT: its objects alone.
function(bulla_freestanding target folder)
    cmake_parse_arguments(ARG "OBJECT" "" "USES" ${ARGN})
    set(kind STATIC)
    if(ARG_OBJECT)
        set(kind OBJECT)
    endif()
    bulla_sources(${folder} sources EXCEPT template.c)
    if(NOT sources)
        return()
    endif()
    execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=include OUTPUT_VARIABLE compiler_include
                    OUTPUT_STRIP_TRAILING_WHITESPACE)
    add_library(${target} ${kind} ${sources})
    target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR}/libbulla/include ${CMAKE_SOURCE_DIR})
    target_compile_options(${target} PRIVATE -ffreestanding -nostdinc -isystem ${compiler_include})
    bulla_use(${target} ${ARG_USES})
endfunction()

function(bulla_library target folder)
    cmake_parse_arguments(ARG "" "" "USES;PACKAGES;EXCEPT" ${ARGN})
    bulla_sources(${folder} sources EXCEPT ${ARG_EXCEPT})
    if(NOT sources)
        return()
    endif()
    file(GLOB embedded CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/migrations/*.sql)
    foreach(source ${sources})
        if(embedded AND source MATCHES "\\.S$") # what it takes in by .incbin
            set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS "${embedded}")
        endif()
    endforeach()
    add_library(${target} STATIC ${sources})
    target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR}/libbulla/include ${CMAKE_SOURCE_DIR})
    target_link_libraries(${target} PUBLIC Threads::Threads m)
    foreach(name ${ARG_PACKAGES})
        bulla_package(${target} PUBLIC ${name})
    endforeach()
    bulla_use(${target} ${ARG_USES})
endfunction()

function(bulla_program target main)
    cmake_parse_arguments(ARG "" "" "USES" ${ARGN})
    if(NOT EXISTS ${CMAKE_SOURCE_DIR}/${main} OR NOT TARGET cli)
        return()
    endif()
    add_executable(${target} ${main})
    bulla_use(${target} ${ARG_USES})
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
endfunction()

# tests/{unit,prop}/**/test_*.c: a program each, run by ctest. tests/{lint,e2e}/*: scripts run by ctest
# with the built program as their argument; exit 77 is a skip.
function(bulla_tests)
    if(BULLA_LIBRARY_ALONE)
        bulla_tests_alone()
        return()
    endif()
    pkg_check_modules(cmocka QUIET IMPORTED_TARGET GLOBAL cmocka)
    if(NOT cmocka_FOUND)
        message(STATUS "cmocka is not installed: no tests (make check installs it)")
        return()
    endif()
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/unit/test_*.c ${CMAKE_SOURCE_DIR}/tests/prop/test_*.c)
    file(GLOB support CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/support/*.c)
    if(support)
        add_library(test_support STATIC ${support})
        bulla_package(test_support PUBLIC cmocka)
        bulla_package(test_support PUBLIC jansson)
        bulla_use(test_support cli picture source modem llrp sim out pipeline in rules flow store proto model base transport suite bulla_core)
        target_include_directories(test_support PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/libbulla/include)
        target_compile_definitions(test_support PRIVATE BULLA_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    endif()
    foreach(source ${sources})
        get_filename_component(name ${source} NAME_WE)
        add_executable(${name} ${source})
        bulla_package(${name} PRIVATE cmocka)
        bulla_use(${name} test_support cli picture source modem llrp sim out pipeline in rules flow store proto model base transport suite bulla_core)
        set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
        target_compile_definitions(${name} PRIVATE BULLA_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
        add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
        set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600)
    endforeach()
    # What is said of the store holds on each back end (tests/support/pg.h); skipped where PostgreSQL is not installed.
    foreach(name test_pg_history test_partitions test_permutation test_progress test_store_history test_store_records test_store_rules test_store_lists
            test_store_search test_store_files test_tracks_store test_move test_orders test_idempotency test_unknown)
        add_test(NAME ${name}/postgres COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
        set_tests_properties(${name}/postgres PROPERTIES ENVIRONMENT BULLA_TEST_STORE=postgres SKIP_RETURN_CODE 77 TIMEOUT 600)
        # One server: a long transaction of one test, in whatever database, makes another wait for what it wrote to be sure.
        set_tests_properties(${name}/postgres PROPERTIES RESOURCE_LOCK postgres)
    endforeach()
    if(TEST test_store_pg)
        set_tests_properties(test_store_pg PROPERTIES RESOURCE_LOCK postgres)
    endif()
    # The real program on both stores. NAME_share: a smaller share where the store makes no difference to the rest.
    set(on_postgres
        alarm_groups.py
        api.py
        corpus.py
        customs.py
        devices_json.py
        disk_full.py
        hostile.py
        kill.py
        load.py
        overload.py
        procedures.py
        train.py
        web_day.mjs)
    set(corpus.py_share BULLA_CORPUS_EVERY=3)
    set(devices_json.py_share BULLA_KILL_ROUNDS=2)
    set(hostile.py_share BULLA_HOSTILE_SEALS=8000)
    set(kill.py_share BULLA_KILL_ROUNDS=4)
    set(load.py_share BULLA_LOAD_SECONDS=1)
    set(overload.py_share BULLA_OVERLOAD_SECONDS=10)
    set(web_day.mjs_share BULLA_WEB_SPEED=1.5)
    # These wait more than they work and measure no time: one of them at a time, beside others.
    set(patient
        alarm_groups.py
        api.py
        ais.py
        backtests.py
        cluster_refused.py
        cluster_stores.py
        contract.sh
        corpus.py
        customs.py
        decode.sh
        disk_full.py
        install.py
        procedures.py
        progress.py
        real_journeys.py
        replay.sh
        rf.py
        rf_scenes.py
        rf_show.py
        rf_sources.py
        seal_api.sh
        seal_data.sh
        trackers.py
        train.py
        web_unit.sh)
    # These work more than they wait, measure no time either, and have their own processes alone: one of them beside the others.
    set(busy
        big_endian.sh
        coverage.sh
        devices_json.py
        firmware.py
        neon.sh
        sanitized.sh
        seal.py
        simulate_selftest.sh)
    file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/lint/*.sh ${CMAKE_SOURCE_DIR}/tests/e2e/*.sh
         ${CMAKE_SOURCE_DIR}/tests/e2e/*.py ${CMAKE_SOURCE_DIR}/tests/e2e/*.mjs)
    foreach(script ${scripts})
        get_filename_component(name ${script} NAME)
        get_filename_component(folder ${script} DIRECTORY)
        get_filename_component(folder ${folder} NAME)
        if(name MATCHES "\\.py$")
            set(run /usr/bin/python3)
        elseif(name MATCHES "\\.mjs$")
            set(run node)
        else()
            set(run bash)
        endif()
        add_test(NAME ${folder}/${name} COMMAND ${run} ${script} ${CMAKE_BINARY_DIR}/bulla ${CMAKE_BINARY_DIR}
                 WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
        set_tests_properties(${folder}/${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900)
        set(alone RUN_SERIAL ON)
        set(alone_on_postgres RUN_SERIAL ON)
        if(name IN_LIST patient)
            set(alone RESOURCE_LOCK patient COST 20)
            set(alone_on_postgres RESOURCE_LOCK postgres COST 10)
        elseif(name IN_LIST busy)
            set(alone RESOURCE_LOCK busy COST 30) # the longest of the three rows: it begins first
        endif()
        if(folder STREQUAL "e2e")
            set_tests_properties(${folder}/${name} PROPERTIES ${alone})
        endif()
        if(${name} IN_LIST on_postgres)
            add_test(NAME ${folder}/${name}/postgres COMMAND ${run} ${script} ${CMAKE_BINARY_DIR}/bulla ${CMAKE_BINARY_DIR}
                     WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
            set_tests_properties(${folder}/${name}/postgres PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900 ${alone_on_postgres}
                                 ENVIRONMENT "BULLA_TEST_STORE=postgres;${${name}_share}")
        endif()
    endforeach()
endfunction()

function(bulla_fuzzers)
    if(NOT BULLA_FUZZ)
        return()
    endif()
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/fuzz/fuzz_*.c)
    foreach(source ${sources})
        get_filename_component(name ${source} NAME_WE)
        bulla_needs_suite(${source} suite)
        bulla_needs_more(${source} more)
        if(suite AND NOT TARGET suite)
            continue()
        elseif(more)
            if(NOT TARGET proto)
                continue()
            endif()
            add_executable(${name} ${source} ${CMAKE_SOURCE_DIR}/fuzz/check.c)
            bulla_use(${name} proto rules store model bulla_core)
            file(STRINGS ${source} json REGEX "^#include \"cli/seal_json.h\"")
            if(json) # not all of cli, which has the platform in it
                file(GLOB readers ${CMAKE_SOURCE_DIR}/cli/*_json.c)
                target_sources(${name} PRIVATE ${readers})
            endif()
        else()
            add_executable(${name} ${source})
            bulla_use(${name} suite source modem llrp bulla_core)
        endif()
        target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    endforeach()
endfunction()

function(bulla_benches)
    if(BULLA_LIBRARY_ALONE)
        return()
    endif()
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/bench_*.c)
    foreach(source ${sources})
        get_filename_component(name ${source} NAME_WE)
        add_executable(${name} EXCLUDE_FROM_ALL ${source})
        bulla_use(${name} test_support sim out pipeline in rules store proto model base bulla_core)
        set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
        target_compile_definitions(${name} PRIVATE BULLA_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    endforeach()
    add_custom_target(bench)
    foreach(source ${sources})
        get_filename_component(name ${source} NAME_WE)
        add_dependencies(bench ${name})
    endforeach()
endfunction()
