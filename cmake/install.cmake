# What `cmake --install` puts in place.
#   bulla_install_library(FOLDER)   libbulla for other programs, component `libbulla`: shared and static, headers, bullaConfig.cmake
#                                   (find_package(bulla), then bulla::bulla or bulla::bulla_static), bulla.pc, man pages
#   bulla_install_host(FOLDER...)   what a host has around it, component `libbulla-host`: shared, headers in bulla-host/, bulla::host
#                                   (find_package(bulla COMPONENTS host)), bulla-host.pc, man pages
#   bulla_install_program(TARGET)   the program and its man pages, component `bulla`

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

function(bulla_install_library folder)
    # Once compiled for both: a static library may end up in a shared one. What headers do not declare stays inside.
    bulla_freestanding(libbulla_objects ${folder} OBJECT)
    set_target_properties(libbulla_objects PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)
    foreach(kind SHARED STATIC)
        set(target libbulla)
        if(kind STREQUAL "STATIC")
            set(target libbulla_static)
        endif()
        add_library(${target} ${kind} $<TARGET_OBJECTS:libbulla_objects>)
        target_include_directories(${target} INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
        set_target_properties(${target} PROPERTIES OUTPUT_NAME bulla LINKER_LANGUAGE C)
    endforeach()
    set_target_properties(libbulla PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR} EXPORT_NAME bulla)
    set_target_properties(libbulla_static PROPERTIES EXPORT_NAME bulla_static)

    install(TARGETS libbulla libbulla_static EXPORT bullaTargets COMPONENT libbulla)
    install(DIRECTORY libbulla/include/bulla TYPE INCLUDE COMPONENT libbulla)
    file(GLOB pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/man/*.3)
    list(FILTER pages EXCLUDE REGEX "/bulla_host_[a-z]*\\.3$")
    install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man3 COMPONENT libbulla)

    set(package ${CMAKE_INSTALL_LIBDIR}/cmake/bulla)
    install(EXPORT bullaTargets NAMESPACE bulla:: DESTINATION ${package} COMPONENT libbulla)
    configure_package_config_file(cmake/bullaConfig.cmake.in ${CMAKE_BINARY_DIR}/bullaConfig.cmake INSTALL_DESTINATION ${package})
    # 0.x: a minor version may change what is there.
    write_basic_package_version_file(${CMAKE_BINARY_DIR}/bullaConfigVersion.cmake COMPATIBILITY SameMinorVersion)
    install(FILES ${CMAKE_BINARY_DIR}/bullaConfig.cmake ${CMAKE_BINARY_DIR}/bullaConfigVersion.cmake DESTINATION ${package}
            COMPONENT libbulla)

    bulla_install_pc(bulla libbulla)
endfunction()

# The prefix follows from where the file lies, so that what was installed may be moved.
function(bulla_install_pc name component)
    cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig OUTPUT_VARIABLE BULLA_UP)
    configure_file(cmake/${name}.pc.in ${CMAKE_BINARY_DIR}/${name}.pc @ONLY)
    install(FILES ${CMAKE_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT ${component})
endfunction()

function(bulla_install_host)
    foreach(folder ${ARGN})
        bulla_sources(${folder} found)
        list(APPEND sources ${found})
        list(APPEND headers ${CMAKE_SOURCE_DIR}/${folder}/${folder}.h)
        list(APPEND pages ${CMAKE_SOURCE_DIR}/docs/man/bulla_host_${folder}.3)
    endforeach()
    add_library(libbulla_host SHARED ${sources})
    target_include_directories(libbulla_host PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/libbulla/include)
    target_link_libraries(libbulla_host PUBLIC libbulla)
    bulla_package(libbulla_host PRIVATE libcrypto)
    bulla_package(libbulla_host PRIVATE libgcrypt)
    set_target_properties(libbulla_host PROPERTIES OUTPUT_NAME bulla-host EXPORT_NAME host C_VISIBILITY_PRESET hidden
                          VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR} INSTALL_RPATH "$ORIGIN")
    install(TARGETS libbulla_host EXPORT bullaHostTargets COMPONENT libbulla-host)
    install(FILES ${headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/bulla-host COMPONENT libbulla-host)
    install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man3 COMPONENT libbulla-host)
    install(EXPORT bullaHostTargets NAMESPACE bulla:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/bulla COMPONENT libbulla-host)
    bulla_install_pc(bulla-host libbulla-host)
endfunction()

function(bulla_install_program target)
    if(NOT TARGET ${target})
        return()
    endif()
    install(TARGETS ${target} COMPONENT bulla)
    file(GLOB pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/man/*.1)
    install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT bulla)
endfunction()
