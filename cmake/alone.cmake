# libbulla and its tests alone (BULLA_LIBRARY_ALONE), which asks for no package: for another machine, for the memory sanitizer, for
# whoever wants nothing else.

# Whether a source needs what is not libbulla: the platform, or a library. Also by a header of the tests that it includes.
function(bulla_needs_more source out)
    file(STRINGS ${source} found REGEX "^#include (\"(cli|platform|proto|sim|fuzz)/|\"tests/support/(vec|wire|pg|nats)|<(jansson|openssl))")
    bulla_needs_suite(${source} suite)
    if(suite AND NOT TARGET suite)
        list(APPEND found ${suite})
    endif()
    set(${out} "${found}" PARENT_SCOPE)
endfunction()

# Whether it needs the cipher suites of a host.
function(bulla_needs_suite source out)
    file(STRINGS ${source} found REGEX "^#include \"(suite/|tests/unit/libbulla/(trust|proven)_support)")
    set(${out} "${found}" PARENT_SCOPE)
endfunction()

# Those of tests/unit/libbulla that need nothing more, with tests/support/plain/cmocka.h in the place of cmocka.
function(bulla_tests_alone)
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/unit/libbulla/test_*.c)
    add_library(test_support STATIC ${CMAKE_SOURCE_DIR}/tests/support/nor.c)
    target_include_directories(test_support PUBLIC ${CMAKE_SOURCE_DIR}/tests/support/plain)
    target_link_libraries(test_support PUBLIC bulla_core m)
    foreach(source ${sources})
        bulla_needs_more(${source} more)
        if(more)
            continue()
        endif()
        get_filename_component(name ${source} NAME_WE)
        add_executable(${name} ${source})
        target_link_libraries(${name} PRIVATE test_support)
        target_compile_definitions(${name} PRIVATE BULLA_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
        add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
        set_tests_properties(${name} PROPERTIES TIMEOUT 600)
    endforeach()
    # What decoders make of bytes, to be compared with what they make of them elsewhere (tests/e2e/big_endian.sh).
    add_executable(say ${CMAKE_SOURCE_DIR}/tests/support/plain/say.c)
    target_link_libraries(say PRIVATE test_support)
endfunction()
