# The web workplace inside the program: web/ is built with npm, and what comes out lies in read-only data.
#   bulla_web(TARGET)   adds it to an executable; with -DBULLA_WEB=OFF, or without npm, the program says in its place
#                       that it was built without.
# npm is asked for the packages only when package-lock.json is newer than what is installed; after that, building
# needs no network.

option(BULLA_WEB "Build the web workplace into the program" ON)

# The description of the interface is inside, too.
set_source_files_properties(${CMAKE_SOURCE_DIR}/platform/out/openapi.S PROPERTIES OBJECT_DEPENDS
                            ${CMAKE_SOURCE_DIR}/docs/api/openapi.yaml)

function(bulla_web target)
    find_program(BULLA_NPM npm)
    if(NOT TARGET ${target} OR NOT BULLA_WEB OR NOT EXISTS ${CMAKE_SOURCE_DIR}/web/package-lock.json)
        return()
    endif()
    if(NOT BULLA_NPM)
        message(WARNING "npm was not found: the program is built without the web workplace")
        return()
    endif()
    set(web ${CMAKE_SOURCE_DIR}/web)
    set(made ${CMAKE_BINARY_DIR}/web)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${web}/src/* ${web}/public/* ${web}/scripts/*)
    file(GLOB tops CONFIGURE_DEPENDS ${web}/*.html ${web}/*.json ${web}/*.ts)
    add_custom_command(
        OUTPUT ${made}/built
        COMMAND ${CMAKE_COMMAND} -DWEB=${web} -DMADE=${made} -DNPM=${BULLA_NPM} -P ${CMAKE_SOURCE_DIR}/cmake/web_build.cmake
        DEPENDS ${sources} ${tops} ${CMAKE_SOURCE_DIR}/cmake/web_build.cmake
        COMMENT "Building the web workplace")
    add_custom_command(
        OUTPUT ${made}/assets.S ${made}/assets.c
        COMMAND ${CMAKE_COMMAND} -DDIST=${made}/dist -DMADE=${made} -P ${CMAKE_SOURCE_DIR}/cmake/web_embed.cmake
        DEPENDS ${made}/built ${CMAKE_SOURCE_DIR}/cmake/web_embed.cmake
        COMMENT "Embedding the web workplace")
    target_sources(${target} PRIVATE ${made}/assets.S ${made}/assets.c)
    set_source_files_properties(${made}/assets.S PROPERTIES OBJECT_DEPENDS ${made}/built)
endfunction()
